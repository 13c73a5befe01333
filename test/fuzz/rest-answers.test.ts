import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { readWholeList } from '../../src/bitrix24/crm/all-companies.ts';
import { loadCompany } from '../../src/bitrix24/crm/company-card.ts';
import { CompanyCounts, countByKind } from '../../src/bitrix24/crm/company-counts.ts';
import { ALL_COMPANIES } from '../../src/bitrix24/crm/company-filter.ts';
import { countCompanies, listCompanies } from '../../src/bitrix24/crm/company-list.ts';
import { groupFields } from '../../src/bitrix24/crm/field-groups.ts';
import { readResumeToken } from '../../src/bitrix24/crm/resume-token.ts';
import { loadRights } from '../../src/bitrix24/crm/rights.ts';
import { loadPeople, loadProfile } from '../../src/bitrix24/crm/users.ts';
import { asInstant } from '../../src/bitrix24/crm/values.ts';
import { readOperating } from '../../src/bitrix24/limits/operating-report.ts';
import { createRestClient } from '../../src/bitrix24/rest/rest-client.ts';
import type { RestClient } from '../../src/bitrix24/rest/rest-types.ts';
import { AppError } from '../../src/errors.ts';
import type { HttpClient } from '../../src/http-client/http-client.ts';
import { EACH, outcomeOfAsync, times } from '../support/fuzz.ts';
import { anyJson, anyText, MARK, mostly, nearly } from '../support/hostile-values.ts';

/** What reading from a portal may end in (design.md section 4). */
const DOCUMENTED_CODES = [
  'portal_failed',
  'portal_refused',
  'portal_limited',
  'access_denied',
  'sign_in_required',
  'not_found',
];

/** So short that nothing is asked twice. */
const NO_PATIENCE_MS = 1;
/** More requests than any reading here needs. */
const ENOUGH = 100;

const anId = fc.oneof(
  fc.nat({ max: 300 }),
  fc.nat({ max: 300 }).map(String),
  fc.constantFrom('0', '-1', '007', '9'.repeat(16)),
);
const aText = fc.oneof(fc.constantFrom('Alpha', '', MARK), anyText);
const aNumber = fc.oneof(
  fc.constantFrom('1000.00', '-5', '1e3', '', '9'.repeat(400)),
  fc.double().map(String),
);
const anInstant = fc.constantFrom(
  '2026-03-05T10:20:30+03:00',
  '2026-03-05',
  '0000-01-01T00:00:00+14:00',
  '9999-12-31T23:59:59-14:00',
  '2026-02-31T10:20:30+03:00',
  'yesterday',
);
const someValues = fc.array(nearly({ VALUE: aText, VALUE_TYPE: aText, ID: anId }), { maxLength: 3 });

const aCompanyRow = nearly({
  ID: anId,
  TITLE: aText,
  COMPANY_TYPE: fc.constantFrom('CUSTOMER', '', '__proto__'),
  INDUSTRY: fc.constantFrom('IT', 'constructor'),
  EMPLOYEES: fc.constantFrom('EMPLOYEES_1', null),
  REVENUE: aNumber,
  CURRENCY_ID: fc.constantFrom('EUR', '', MARK),
  ASSIGNED_BY_ID: anId,
  CREATED_BY_ID: anId,
  DATE_CREATE: anInstant,
  DATE_MODIFY: anInstant,
  PHONE: someValues,
  EMAIL: someValues,
  COMMENTS: fc.oneof(fc.constantFrom('<p>a</p>', '[b]a[/b]'), anyText),
  UF_CRM_1: fc.array(anyJson, { maxLength: 3 }),
  constructor: aText,
  __proto__: aText,
});
const aPersonRow = nearly({
  ID: anId,
  NAME: aText,
  LAST_NAME: aText,
  ADMIN: fc.boolean(),
  TIME_ZONE: fc.constantFrom('Europe/Moscow', 'x'.repeat(80)),
});
const aStatusRow = nearly({
  STATUS_ID: fc.constantFrom('CUSTOMER', 'IT', 'NEW', '', '__proto__'),
  NAME: aText,
  SEMANTICS: fc.constantFrom('S', 'F', 'toString'),
});
const aContactRow = nearly({
  ID: anId,
  NAME: aText,
  LAST_NAME: aText,
  POST: aText,
  PHONE: someValues,
  EMAIL: someValues,
});
const aDealRow = nearly({
  ID: anId,
  TITLE: aText,
  STAGE_ID: fc.constantFrom('NEW', 'C1:NEW'),
  OPPORTUNITY: aNumber,
  CURRENCY_ID: aText,
  DATE_CREATE: anInstant,
  CLOSED: fc.constantFrom('Y', 'N'),
});
const aBinding = nearly({ CONTACT_ID: anId });
const aDescription = nearly({
  type: fc.constantFrom(
    'string',
    'user',
    'employee',
    'crm_multifield',
    'crm_status',
    'enumeration',
    'char',
    'boolean',
    'money',
    'url',
    'datetime',
    'date',
    'double',
    'file',
    'integer',
    'iblock_ID',
    'crm',
    'address',
    'iblock_element',
    'crm_entity',
    'rest_1_own',
  ),
  title: aText,
  formLabel: aText,
  listLabel: aText,
  statusType: fc.constantFrom('COMPANY_TYPE', 'INDUSTRY', '__proto__'),
  isMultiple: fc.boolean(),
  items: fc.array(nearly({ ID: anId, VALUE: aText }), { maxLength: 3 }),
  settings: fc.constantFrom({ COMPANY: 'Y' }, { DYNAMIC_128: 'Y', LEAD: 'N' }, [], null),
});
const someDescriptions = fc.dictionary(
  fc.constantFrom('ID', 'TITLE', 'COMMENTS', 'REVENUE', 'ASSIGNED_BY_ID', 'UF_CRM_1', '__proto__'),
  aDescription,
);

const rows = (row: fc.Arbitrary<unknown>) => fc.array(mostly(row), { maxLength: 4 });
/** As many as a page has, so that there may be another. */
const aFullPage = fc
  .nat({ max: 200 })
  .map((first) => Array.from({ length: 50 }, (_, index) => ({ ID: String(first + index) })));
/** By method, as far as the answers differ. */
const RESULTS: Record<string, fc.Arbitrary<unknown>> = {
  'crm.company.list': fc.oneof(
    { weight: 4, arbitrary: rows(aCompanyRow) },
    { weight: 1, arbitrary: aFullPage },
  ),
  'crm.company.get': aCompanyRow,
  'crm.company.fields': someDescriptions,
  'crm.status.list': rows(aStatusRow),
  'crm.category.list': nearly({ categories: rows(nearly({ id: anId })) }),
  'crm.company.contact.items.get': rows(aBinding),
  'crm.contact.list': rows(aContactRow),
  'crm.deal.list': rows(aDealRow),
  'user.get': rows(aPersonRow),
  profile: aPersonRow,
  scope: fc.array(fc.constantFrom('crm', 'user', MARK), { maxLength: 3 }),
};

const aSecond = fc.oneof(fc.double({ min: 0, max: 2e9, noNaN: true }), fc.constantFrom(-1, 0, 480));
const aTime = nearly({ operating: aSecond, operating_reset_at: aSecond, finish: aSecond, duration: aSecond });
const FINAL = ['', 'ACCESS_DENIED', 'expired_token', 'insufficient_scope', MARK];
/** A moment later it may go well, for which those wait who read in the background. */
const TRANSIENT = ['QUERY_LIMIT_EXCEEDED', 'OPERATION_TIME_LIMIT', 'INTERNAL_SERVER_ERROR'];
const aRefusalOf = (codes: string[]) =>
  nearly({
    error: fc.oneof(fc.constantFrom(...codes), anyText),
    error_description: fc.oneof(fc.constantFrom('Access denied.', 'Not found', MARK), anyText),
  });
const aTotal = fc.oneof(fc.nat(), fc.nat().map(String), fc.constantFrom(-1, 1.5, '', 'many'));

/** What a command is answered: by its method, so that the answer is nearly right. */
interface Answered {
  result: unknown;
  total: unknown;
  time: unknown;
  error: unknown;
}
const NOTHING: Answered = { result: [], total: 0, time: {}, error: undefined };
const none = fc.constant(undefined) as fc.Arbitrary<unknown>;

/**
 * A portal for one run: one or two answers for each of some methods, used in turn, and now and then a batch that is none.
 *
 * @param codes  of its refusals
 */
function aPortal(methods: string[], codes: string[]) {
  const aRefusal = aRefusalOf(codes);
  const answersOf = (method: string): fc.Arbitrary<Answered[]> => {
    const answered = fc.record({
      result: mostly(RESULTS[method] ?? fc.constant([])),
      total: mostly(aTotal),
      time: mostly(aTime),
      error: fc.oneof(
        { weight: 8, arbitrary: none },
        { weight: 1, arbitrary: aRefusal },
        { weight: 1, arbitrary: anyJson },
      ),
    });
    return fc.array(answered, { minLength: 1, maxLength: 2 });
  };
  const anEnvelope = nearly({
    result: anyJson,
    result_error: anyJson,
    result_total: anyJson,
    result_time: anyJson,
  });
  return fc.record({
    answers: fc.record(Object.fromEntries(methods.map((method) => [method, answersOf(method)]))),
    envelope: fc.oneof({ weight: 6, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: anEnvelope }),
    /** In place of all that. */
    body: fc.oneof(
      { weight: 12, arbitrary: none },
      { weight: 1, arbitrary: anyJson },
      { weight: 1, arbitrary: aRefusal },
    ),
    status: fc.constantFrom(200, 200, 200, 200, 400, 403, 500),
  });
}
type Portal = ReturnType<typeof aPortal> extends fc.Arbitrary<infer T> ? T : never;

const Text = z.string().min(1);
const Instant = z.string().refine((text) => asInstant(text) === text && !Number.isNaN(Date.parse(text)));
const Id = z.number().refine((id) => Number.isSafeInteger(id) && id > 0);
const Person = z.strictObject({ id: z.number().int().positive(), name: Text.nullable() });
const DictionaryValue = z.strictObject({ id: Text, name: z.string().nullable() });
const Texts = z.array(Text);
const Digits = z.string().regex(/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i);
const Company = z.strictObject({
  id: Id,
  title: z.string(),
  type: DictionaryValue.nullable(),
  industry: DictionaryValue.nullable(),
  employees: DictionaryValue.nullable(),
  phones: Texts,
  emails: Texts,
  revenue: z.number().nullable(),
  exactRevenue: Digits.optional(),
  currency: Text.nullable(),
  responsible: Person.nullable(),
  created: Instant.nullable(),
  modified: Instant.nullable(),
});
const Total = z.number().int().nonnegative();
const some = <T extends z.ZodType>(each: T) =>
  z.strictObject({ items: z.array(each), total: Total.nullable() }).nullable();
const Card = z.strictObject({
  company: Company,
  contacts: some(
    z.strictObject({ id: Id, name: Text.nullable(), post: Text.nullable(), phones: Texts, emails: Texts }),
  ),
  deals: some(
    z.strictObject({
      id: Id,
      title: z.string(),
      stage: z.strictObject({ name: z.string(), outcome: z.enum(['won', 'lost']).nullable() }).nullable(),
      amount: z.number().nullable(),
      exactAmount: Digits.optional(),
      currency: Text.nullable(),
      created: Instant.nullable(),
      isClosed: z.boolean(),
    }),
  ),
  fields: z.array(
    z.strictObject({
      name: z.string(),
      label: z.string(),
      values: z
        .array(
          z.discriminatedUnion('kind', [
            z.strictObject({ kind: z.literal('text'), text: z.string() }),
            z.strictObject({ kind: z.literal('number'), number: z.number(), exact: Digits.optional() }),
            z.strictObject({
              kind: z.literal('money'),
              amount: z.number(),
              exact: Digits.optional(),
              currency: z.string().nullable(),
            }),
            z.strictObject({ kind: z.literal('instant'), iso: Instant }),
            z.strictObject({ kind: z.literal('date'), iso: z.iso.date() }),
            z.strictObject({ kind: z.literal('flag'), isOn: z.boolean() }),
            z.strictObject({
              kind: z.literal('person'),
              person: z.strictObject({ id: z.number(), name: Text.nullable() }),
            }),
            z.strictObject({
              kind: z.enum(['phone', 'email', 'web', 'messenger']),
              value: Text,
              valueType: z.string(),
            }),
            z.strictObject({ kind: z.literal('chat') }),
            z.strictObject({
              kind: z.literal('reference'),
              to: Text,
              id: Id,
              entityTypeId: z.number().int().optional(),
            }),
            z.strictObject({ kind: z.literal('file') }),
          ]),
        )
        .min(1),
    }),
  ),
});

describe('whatever a portal answers', () => {
  it('a page of the list › has companies of the documented shape, or fails as documented', () =>
    whatever(
      ['crm.company.list', 'crm.status.list', 'user.get'],
      (client) => listCompanies(client, { filter: ALL_COMPANIES, page: 1, sort: 'id', order: 'desc' }),
      (page) => {
        for (const company of page.companies) expectShape(Company, company);
        if (page.total !== null) expectShape(Total, page.total);
        expectShape(z.number().nonnegative().optional(), page.seconds);
        expectShape(z.array(Person), page.referenceData.colleagues);
      },
    ));

  it('a card › has fields, contacts and deals of the documented shape, or fails as documented', () =>
    whatever(
      Object.keys(RESULTS),
      (client) => loadCompany(client, 7),
      (card) => {
        expectShape(Card, card);
        expect(groupFields(card.fields).groups.length).toBeGreaterThan(0);
      },
    ));

  it('a count › is a whole number, or fails as documented', () =>
    whatever(
      ['crm.company.list'],
      (client) => countCompanies(client, ALL_COMPANIES),
      (total) => expectShape(Total, total),
    ));

  it('the counts of an overview › are numbers and names, or fail as documented', () =>
    whatever(
      ['crm.company.list', 'crm.status.list', 'user.get'],
      (client) =>
        countByKind(
          client,
          { id: 1, name: null },
          { months: [], sameDaysBefore: { from: null, before: null } },
        ),
      (counts) => expectShape(CompanyCounts, counts),
    ));

  it('who somebody is › is a person, or fails as documented', () =>
    whatever(['profile'], loadProfile, (profile) =>
      expectShape(Person.extend({ timeZone: z.string().max(64).nullable() }), profile),
    ));

  it('who people are › is a map of people, or fails as documented', () =>
    whatever(
      ['user.get'],
      (client) => loadPeople(client, [1, 2]),
      (people) => expectShape(z.map(Id, Person), people),
    ));

  it('what somebody may do › is told or not known, or fails as documented', () =>
    whatever(['profile', 'scope', 'crm.company.list'], loadRights, (rights) =>
      expectShape(
        z.strictObject({
          isAdministrator: z.boolean().nullable(),
          scope: z.array(z.string().regex(/^[\w.-]+$/)).nullable(),
          mayReadCompanies: z.boolean().nullable(),
        }),
        rights,
      ),
    ));

  it('a whole list › has each company once, in the order of ids, and can be gone on with', () =>
    whatever(
      ['crm.company.list', 'crm.status.list', 'user.get'],
      async (client) => {
        const parts = [];
        for await (const part of readWholeList({ clientFor: () => client })) {
          parts.push(part);
          if (parts.length === 50) break;
        }
        return parts;
      },
      (parts) => {
        const ids = parts.flatMap(({ companies }) => companies.map(({ id }) => id));
        expect(ids).toEqual([...new Set(ids)].sort((one, other) => one - other));
        for (const { companies, resumeToken, strangeRows } of parts) {
          for (const company of companies) expectShape(Company, company);
          expect(readResumeToken(resumeToken, {})).toBeGreaterThanOrEqual(companies.at(-1)?.id ?? 0);
          expect(strangeRows).toBeGreaterThanOrEqual(0);
        }
      },
      FINAL,
      // Names that were refused are waited for.
      50,
    ));

  it('the time of its answers › is a report of numbers that can be reckoned with', () => {
    fc.assert(
      fc.property(
        fc.array(mostly(aTime), { maxLength: 5 }),
        fc.option(aSecond, { nil: undefined }),
        (all, finishAt) => {
          const report = readOperating(all, finishAt);

          for (const number of Object.values(report))
            if (number !== null) expect(Number.isFinite(number)).toBe(true);
          expect(Math.min(report.resetInMs, report.agoMs)).toBeGreaterThanOrEqual(0);
        },
      ),
      EACH,
    );
  });
});

/**
 * Reads from a portal for each run.
 *
 * @param atOnce  so many portals at a time, where reading is mostly waiting
 */
function whatever<T>(
  methods: string[],
  read: (client: RestClient) => Promise<T>,
  expectGood: (value: T) => void,
  codes = [...FINAL, ...TRANSIENT],
  atOnce = 1,
): Promise<void> {
  async function tryOne(portal: Portal): Promise<void> {
    const outcome = await outcomeOfAsync(() => read(clientOf(portal)), [AppError]);

    if ('value' in outcome) return expectGood(outcome.value);
    const { refusal } = outcome;
    expect(DOCUMENTED_CODES).toContain((refusal as AppError).code);
    expect(`${refusal.message} ${JSON.stringify(refusal)}`.toLowerCase()).not.toContain(MARK.toLowerCase());
  }

  const portals = fc.array(aPortal(methods, codes), { minLength: atOnce, maxLength: atOnce });
  return fc.assert(
    fc.asyncProperty(portals, async (together) => {
      await Promise.all(together.map(tryOne));
    }),
    times(1 / atOnce),
  );
}

function clientOf(portal: Portal): RestClient {
  const access = { accessToken: `${MARK} token`, clientEndpoint: 'https://acme.bitrix24.com/rest/' };
  let asked = 0;
  const http = {
    assertCircuitClosed() {},
    async postJson(url: URL, body: object) {
      asked += 1;
      // Whoever claims to have ids of fifteen digits and no companies is asked ten thousand times.
      if (asked > ENOUGH) return { status: 403, body: { error: 'insufficient_scope' } };
      return { status: portal.status, body: portal.body ?? answer(portal, url, body) };
    },
  } as Partial<HttpClient> as HttpClient;
  return createRestClient({
    http,
    tokens: { current: async () => access, renewed: async () => access },
    waitMs: NO_PATIENCE_MS,
  });
}

function answer(portal: Portal, url: URL, body: object): unknown {
  const method = url.pathname.replace('/rest/', '');
  if (method !== 'batch') {
    const { result, total, time, error } = answerTo(portal, method, 0);
    return { result, total, time, ...(error === undefined ? {} : { error }) };
  }
  const commands = Object.entries((body as { cmd: Record<string, string> }).cmd).map(
    ([name, command], index) => [name, answerTo(portal, command.split('?', 1)[0] ?? '', index)] as const,
  );
  const each = (field: keyof Answered) =>
    Object.fromEntries(
      commands.flatMap(([name, told]) => (told[field] === undefined ? [] : [[name, told[field]]])),
    );
  return {
    result: {
      result: each('result'),
      result_error: each('error'),
      result_total: each('total'),
      result_time: each('time'),
      ...portal.envelope,
    },
    time: {},
  };
}

function answerTo({ answers }: Portal, method: string, index: number): Answered {
  const told = answers[method] ?? [];
  return told[index % told.length] ?? NOTHING;
}

function expectShape(shape: z.ZodType, value: unknown): void {
  expect(shape.safeParse(value).error?.issues ?? []).toEqual([]);
}
