import { readFile } from 'node:fs/promises';

import { beforeAll, describe, expect, it } from '@jest/globals';

import {
  aCompany,
  aContact,
  aDeal,
  aMultifield,
  aPortal,
  aPortalUser,
  callRest,
  type JsonBody,
  start,
  tokensFor,
} from './support.ts';

/**
 * The vendor publishes names of parameters, and names and types of the answers of samples. Every method that the
 * emulator serves is called like the sample, and its answer is compared: keys that are missing, keys that the sample
 * does not have, and values of another type.
 */
interface MethodFacts {
  /** Types by name. For some methods the page has a table of the answer in this place. */
  params: Record<string, string>;
  /** Types by path, such as `result[].ID`; several types are joined by `|`. `null` says that the sample had none. */
  answer: Record<string, string>;
}

let facts: Record<string, MethodFacts>;

beforeAll(async () => {
  const file = new URL('./method-facts.json', import.meta.url);
  facts = (JSON.parse(await readFile(file, 'utf8')) as { methods: Record<string, MethodFacts> }).methods;
});

/** Parameters like those of the sample: it selects what the sample shows, and passes every documented parameter. */
const CALLS: Record<string, Record<string, unknown>> = {
  'crm.company.list': {
    select: ['ID', 'TITLE', 'ASSIGNED_BY_ID', 'PHONE'],
    filter: { COMPANY_TYPE: 'CUSTOMER' },
    order: { ID: 'ASC' },
    start: 0,
  },
  'crm.company.get': { id: 2 },
  'crm.company.fields': {},
  'crm.company.contact.items.get': { id: 1 },
  'crm.contact.list': {
    select: ['ID', 'NAME', 'LAST_NAME', 'EXPORT', 'ASSIGNED_BY_ID', 'DATE_CREATE', 'EMAIL'],
    filter: { '!NAME': '' },
    order: { ID: 'ASC' },
    start: 0,
  },
  'crm.deal.list': {
    select: [
      'ID',
      'TITLE',
      'TYPE_ID',
      'CATEGORY_ID',
      'STAGE_ID',
      'OPPORTUNITY',
      'IS_MANUAL_OPPORTUNITY',
      'ASSIGNED_BY_ID',
      'DATE_CREATE',
    ],
    filter: { CATEGORY_ID: 0 },
    order: { ID: 'ASC' },
    start: 0,
  },
  'crm.deal.fields': {},
  'crm.status.list': { order: { SORT: 'ASC' }, filter: { ENTITY_ID: 'DEAL_STAGE' } },
  'crm.status.entity.items': { entityId: 'SOURCE' },
  'crm.category.list': { entityTypeId: 2 },
  'crm.item.list': {
    entityTypeId: 2,
    select: ['id', 'assignedById', 'stageId', 'opportunity', 'sourceId', 'title', 'isManualOpportunity'],
    filter: { '>id': 0 },
    order: { id: 'ASC' },
    start: 0,
    useOriginalUfNames: 'N',
  },
  'crm.item.get': { entityTypeId: 3, id: 11, useOriginalUfNames: 'N' },
  'crm.item.fields': { entityTypeId: 2, useOriginalUfNames: 'N' },
  'crm.currency.list': { order: { SORT: 'ASC' } },
  'user.get': {
    sort: 'ID',
    order: 'ASC',
    FILTER: { ACTIVE: true },
    ADMIN_MODE: true,
    select: ['*'],
    IMAGE_RESIZE: 'small',
    start: 0,
  },
  'user.search': {
    FILTER: { FIND: 'Ann' },
    sort: 'ID',
    order: 'ASC',
    ADMIN_MODE: true,
    select: ['*'],
    start: 0,
  },
  'method.get': { name: 'user.get' },
  'feature.get': { CODE: 'rest_offline_extended' },
  'access.name': { ACCESS: ['G2', 'AU'] },
};

/** Why an answer differs from its sample. A difference that no longer occurs fails the test. */
const DIFFERENCES: { method: string; paths: string[]; reason: string }[] = [
  {
    method: 'crm.item.list',
    paths: missing('result.items[]', 'name lastName'),
    reason: 'the sample lists leads, which have a name and an amount; the emulator has no leads',
  },
  {
    method: 'crm.item.get',
    paths: missing(
      'result.item',
      `companyTitle contactId contactIds currencyId dateClosed dateCreateShort dateModifyShort icq isConvert
      isManualOpportunity isReturnCustomer movedBy movedTime opportunity productId skype stageId stageSemanticId
      statusDescription title`,
    ),
    reason: 'the sample is a lead; the emulator gives a contact',
  },
  {
    method: 'crm.item.get',
    paths: unknown('result.item', 'categoryId companyIds export leadId originVersion photo typeId'),
    reason: 'fields of a contact that a lead does not have (RU:…/universal/object-fields.md)',
  },
  ...['crm.item.get', 'crm.item.fields'].map((method) => ({
    method,
    paths: unknown(
      method === 'crm.item.get' ? 'result.item' : 'result.fields',
      `lastCommunicationTime lastCommunicationCallTime lastCommunicationEmailTime lastCommunicationImolTime
      lastCommunicationWebformTime`,
    ),
    reason: 'newer than the sample of 2024; object-fields.md of 2026 has them',
  })),
  {
    method: 'crm.item.fields',
    paths: missing('result.fields', 'xmlId'),
    reason: 'the sample is a smart process, which alone has an external code',
  },
  {
    method: 'crm.item.fields',
    paths: unknown(
      'result.fields',
      `additionalInfo closed comments isNew isRecurring isRepeatedApproach isReturnCustomer leadId locationId originId
      originatorId probability quoteId stageSemanticId typeId utmCampaign utmContent utmMedium utmSource utmTerm`,
    ),
    reason: 'fields of a deal that a smart process does not have (RU:…/universal/object-fields.md)',
  },
  {
    method: 'crm.currency.list',
    paths: ['unknown result', 'unknown total'],
    reason: 'the facts have no sample of its answer',
  },
];

function missing(parent: string, names: string): string[] {
  return names.split(/\s+/).map((name) => `missing ${parent}.${name}`);
}

function unknown(parent: string, names: string): string[] {
  return names.split(/\s+/).map((name) => `unknown ${parent}.${name}`);
}

/** A portal whose rows have a value in every field that has one in a sample. */
async function startLikeTheSamples() {
  const stage = await start({
    portals: [
      aPortal({
        users: [aPortalUser({ name: 'Ann', lastName: 'Lee' })],
        companies: [
          aCompany({
            ID: '1',
            PHONE: [aMultifield()],
          }),
          // The company of the sample of crm.company.get has no phone.
          aCompany({
            ID: '2',
            BANKING_DETAILS: 'Bank',
            COMMENTS: 'Comment',
            LAST_ACTIVITY_BY: '1',
            LAST_ACTIVITY_TIME: '2026-02-15T10:00:00+00:00',
          }),
        ],
        contacts: [
          aContact({
            ID: '11',
            SECOND_NAME: 'Maria',
            HONORIFIC: 'HNR_EN_1',
            COMMENTS: 'Comment',
            SOURCE_ID: 'CALL',
            SOURCE_DESCRIPTION: 'Description',
            BIRTHDATE: '1990-02-03T00:00:00+00:00',
            LAST_ACTIVITY_BY: '1',
            LAST_ACTIVITY_TIME: '2026-02-15T10:00:00+00:00',
            PHONE: [aMultifield()],
            EMAIL: [aMultifield({ TYPE_ID: 'EMAIL', VALUE: 'ann@example.com' })],
          }),
        ],
        deals: [aDeal({ ID: '21', SOURCE_ID: 'CALL', IS_MANUAL_OPPORTUNITY: 'Y' })],
      }),
    ],
  });
  return (method: string) => callRest(tokensFor(stage.portal), method, CALLS[method]);
}

describe('published facts of methods', () => {
  it.each(Object.keys(CALLS))(
    'when %s is called like its sample › the answer differs only for a reason',
    async (method) => {
      const call = await startLikeTheSamples();

      const { status, body } = await call(method);

      expect(status).toBe(200);
      const explained = DIFFERENCES.filter((each) => each.method === method).flatMap(({ paths }) => paths);
      expect(differences(body, facts[method]?.answer ?? {}).sort()).toEqual(explained.sort());
    },
  );

  it.each(Object.keys(CALLS))('when %s is called › every documented parameter was given', (method) => {
    const documented = Object.keys(facts[method]?.params ?? {});

    const given = Object.keys(CALLS[method] ?? {});

    expect(describesTheAnswer(documented) ? [] : documented.filter((name) => !given.includes(name))).toEqual(
      [],
    );
  });

  it('when any method answers › time has the keys and types that some sample has', async () => {
    const call = await startLikeTheSamples();
    const samples = Object.values(facts).flatMap(({ answer }) => Object.entries(answer));
    const sampled = new Map(samples.filter(([path]) => path.startsWith('time.')));

    const { body } = await call('user.get');

    const answered = Object.entries(typesOf(body)).filter(([path]) => path.startsWith('time.'));
    expect(new Map(answered)).toEqual(sampled);
  });

  it('when the facts name a method › the emulator is asked for it', () => {
    expect(Object.keys(facts).sort()).toEqual(Object.keys(CALLS).sort());
  });
});

/** On some pages the first table is not of parameters but of the answer. */
function describesTheAnswer(names: string[]): boolean {
  return names.includes('time');
}

/** Fields that the owner of the sample's portal added. */
const OF_THE_SAMPLE = /\.(UF_CRM_|PARENT_ID_|ufCrm_|parentId\d)/;

/** `time` is the same for every method, and has a test of its own; samples differ in how new it is. */
const IN_EVERY_ANSWER = /^time(\.|$)/;

function differences(body: JsonBody, sample: Record<string, string>): string[] {
  const answered = typesOf(body);
  const isCompared = (path: string) => !OF_THE_SAMPLE.test(path) && !IN_EVERY_ANSWER.test(path);
  const notAnswered = Object.keys(sample).filter(
    (path) => !(path in answered) && parentOf(path) in { ...answered, '': '' },
  );
  const notSampled = Object.keys(answered).filter(
    (path) => !(path in sample) && parentOf(path) in { ...sample, '': '' },
  );
  const otherTypes = Object.keys(answered).filter((path) =>
    isOtherType(answered[path] ?? '', sample[path] ?? 'null'),
  );
  return [
    ...notAnswered.filter(isCompared).map((path) => `missing ${path}`),
    ...notSampled.filter(isCompared).map((path) => `unknown ${path}`),
    ...otherTypes.filter(isCompared).map((path) => `${path} is ${answered[path]}, not ${sample[path]}`),
  ];
}

/** `null` in a sample tells nothing about the type. */
function isOtherType(answered: string, sampled: string): boolean {
  const allowed = sampled.split('|');
  return !allowed.includes('null') && answered.split('|').some((type) => !allowed.includes(type));
}

/** `result[].PHONE[].ID` → `result[].PHONE[]`; empty for a key of the answer itself. */
function parentOf(path: string): string {
  return path.endsWith('[]') ? path.slice(0, -2) : path.slice(0, Math.max(0, path.lastIndexOf('.')));
}

/** The type of every value, by path; all items of a list share one path. */
function typesOf(body: JsonBody): Record<string, string> {
  const found = new Map<string, Set<string>>();
  const visit = (value: unknown, path: string) => {
    if (path !== '') found.set(path, (found.get(path) ?? new Set()).add(typeOf(value)));
    if (Array.isArray(value)) for (const item of value) visit(item, `${path}[]`);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) visit(inner, path === '' ? key : `${path}.${key}`);
    }
  };
  visit(body, '');
  return Object.fromEntries([...found].map(([path, types]) => [path, [...types].sort().join('|')]));
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}
