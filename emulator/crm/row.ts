/** A CRM row in the wire format of the classic methods: upper-case names, all scalars are strings (4, 7.2). */
export interface CrmRow {
  ID: string;
  PHONE?: Multifield[];
  EMAIL?: Multifield[];
  WEB?: Multifield[];
  IM?: Multifield[];
  LINK?: Multifield[];
  [field: string]: CrmValue | undefined;
}

export interface CompanyRow extends CrmRow {
  TITLE: string;
}

/**
 * `COMPANY_ID` is the main company of the contact. Further companies are in `COMPANY_IDS`, which answers never
 * contain.
 */
export interface ContactRow extends CrmRow {
  COMPANY_IDS?: string[];
}

export interface DealRow extends CrmRow {
  TITLE: string;
}

export type CrmValue = string | null | string[] | Multifield[];

export const MULTIFIELDS = ['PHONE', 'EMAIL', 'WEB', 'IM', 'LINK'] as const;
export type MultifieldName = (typeof MULTIFIELDS)[number];

export interface Multifield {
  ID: string;
  VALUE_TYPE: string;
  VALUE: string;
  TYPE_ID: MultifieldName;
}

export function isMultifieldName(field: string): field is MultifieldName {
  return (MULTIFIELDS as readonly string[]).includes(field);
}

/** Adds the flags that a portal derives from multifields (section 7.4); changes the row itself. */
export function completeMultifields<Row extends CrmRow>(row: Row): Row {
  const complete: CrmRow = row;
  complete.HAS_IMOL ??= 'N';
  complete.HAS_PHONE = row.PHONE?.length ? 'Y' : 'N';
  complete.HAS_EMAIL = row.EMAIL?.length ? 'Y' : 'N';
  for (const name of MULTIFIELDS) {
    // A row without phones has no PHONE key, not an empty list (7.2).
    if (row[name]?.length === 0) delete complete[name];
  }
  return row;
}
