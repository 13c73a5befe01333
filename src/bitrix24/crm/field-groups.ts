import { columnsOf } from './company-columns.ts';
import type { CompanyField } from './company-fields.ts';

/** The fields of a card in the groups that people look for them in. Empty groups are left out. */
export interface FieldGroups {
  groups: { name: GroupName; fields: CompanyField[] }[];
  /** One address in one line each, and what else is written about it. */
  comments: CompanyField | undefined;
}

type GroupName = 'summary' | 'contacts' | 'address' | 'own' | 'details' | 'record';

/** Shown elsewhere on the card, or of no use to people. */
const LEFT_OUT = [
  'TITLE',
  'CURRENCY_ID',
  'COMMENTS',
  'CONTACT_ID',
  'HAS_PHONE',
  'HAS_EMAIL',
  'HAS_IMOL',
  'LEAD_ID',
];
/** Numbers of addresses in another module of the portal, of no use to people. */
const TECHNICAL = /^(REG_)?ADDRESS_LOC_ADDR_ID$/;
const SUMMARY = [...columnsOf('dictionary'), ...columnsOf('money'), ...columnsOf('person')].map(
  ({ wire }) => wire,
);
const CONTACTS = ['PHONE', 'EMAIL', 'WEB', 'IM', 'LINK'];
const ADDRESS = /^(REG_)?ADDRESS/;
/** Defined by the portal itself. */
const OWN = /^(UF_|PARENT_ID_)/;
/** About the record rather than about the company. */
const RECORD = /^(ID|DATE_|CREATED_BY|MODIFY_BY|LAST_|OPENED|IS_MY_COMPANY|ORIGIN|UTM_|CATEGORY)/;

export function groupFields(fields: CompanyField[]): FieldGroups {
  const shown = fields.filter(({ name }) => !LEFT_OUT.includes(name) && !TECHNICAL.test(name));
  const named = (names: string[]) =>
    names.flatMap((name) => shown.find((field) => field.name === name) ?? []);
  const groups: FieldGroups['groups'] = [
    { name: 'summary', fields: named(SUMMARY) },
    { name: 'contacts', fields: named(CONTACTS) },
    ...(['address', 'own', 'details', 'record'] as const).map((name) => ({
      name,
      fields: shown.filter((field) => groupOf(field) === name),
    })),
  ];
  return {
    groups: groups.filter((group) => group.fields.length > 0 || group.name === 'contacts'),
    comments: fields.find(({ name }) => name === 'COMMENTS'),
  };
}

function groupOf({ name }: CompanyField): GroupName {
  if (SUMMARY.includes(name)) return 'summary';
  if (CONTACTS.includes(name)) return 'contacts';
  if (ADDRESS.test(name)) return 'address';
  if (OWN.test(name)) return 'own';
  return RECORD.test(name) ? 'record' : 'details';
}
