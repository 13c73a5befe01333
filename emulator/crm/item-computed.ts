import { type CrmRow, MULTIFIELDS, type Multifield, type MultifieldName } from './row.ts';

/** What an item needs from other collections of its portal. */
export interface ItemContext {
  contactIdsOf(companyId: string): number[];
  /** Writes a day or an instant as answers have it; other values stay as they are. */
  write(value: unknown, type: string): unknown;
}

/** Values of `crm.item.*` that are not in a column of the classic row, by name. Others are null or zero. */
export const COMPUTED: Readonly<Record<string, (row: CrmRow, context: ItemContext) => unknown>> = {
  observers: () => [],
  searchContent: ({ ID, TITLE, NAME, LAST_NAME }) =>
    [ID, TITLE, NAME, LAST_NAME].filter((part) => typeof part === 'string' && part !== '').join(' '),
  contactIds: contactIdsOf,
  companyIds: ({ COMPANY_ID, COMPANY_IDS }) => distinctIds([COMPANY_ID, COMPANY_IDS]),
  shortName: ({ NAME, LAST_NAME }) => `${LAST_NAME ?? ''} ${String(NAME ?? '').slice(0, 1)}.`.trim(),
  fm: listMultifields,
  email: (row) => firstValue(row, 'EMAIL'),
  emailHome: (row) => firstValue(row, 'EMAIL', 'HOME'),
  emailWork: (row) => firstValue(row, 'EMAIL', 'WORK'),
  emailMailing: (row) => firstValue(row, 'EMAIL', 'MAILING'),
  phone: (row) => firstValue(row, 'PHONE'),
  phoneMobile: (row) => firstValue(row, 'PHONE', 'MOBILE'),
  phoneWork: (row) => firstValue(row, 'PHONE', 'WORK'),
  phoneMailing: (row) => firstValue(row, 'PHONE', 'MAILING'),
  imol: (row) => firstValue(row, 'IM', 'IMOL'),
  hasProducts: () => 'N',
  isWork: (row) => flagOfStage(row, 'P'),
  isWon: (row) => flagOfStage(row, 'S'),
  isLose: (row) => flagOfStage(row, 'F'),
  receivedAmount: (row) => amountOfStage(row, 'S'),
  lostAmount: (row) => amountOfStage(row, 'F'),
};

/** A deal names its contacts itself, a company is named by its contacts. */
function contactIdsOf(row: CrmRow, { contactIdsOf }: ItemContext): number[] {
  const isDeal = row.STAGE_ID !== undefined;
  return isDeal ? distinctIds([row.CONTACT_ID, row.CONTACT_IDS]) : contactIdsOf(row.ID);
}

function distinctIds(values: unknown[]): number[] {
  return [...new Set(values.flat().filter(Boolean).map(Number))];
}

/** All multifields in one list. */
function listMultifields(row: CrmRow) {
  const items = MULTIFIELDS.flatMap((name): Multifield[] => row[name] ?? []);
  return items.map(({ ID, TYPE_ID, VALUE_TYPE, VALUE }) => ({
    id: Number(ID),
    valueType: VALUE_TYPE,
    value: VALUE,
    typeId: TYPE_ID,
  }));
}

function firstValue(row: CrmRow, name: MultifieldName, valueType?: string): string {
  const items = row[name] ?? [];
  return items.find(({ VALUE_TYPE }) => valueType === undefined || VALUE_TYPE === valueType)?.VALUE ?? '';
}

function flagOfStage({ STAGE_SEMANTIC_ID }: CrmRow, semantics: 'P' | 'S' | 'F'): 'Y' | 'N' {
  return STAGE_SEMANTIC_ID === semantics ? 'Y' : 'N';
}

function amountOfStage(row: CrmRow, semantics: 'S' | 'F'): number {
  return row.STAGE_SEMANTIC_ID === semantics ? Number(row.OPPORTUNITY ?? 0) : 0;
}
