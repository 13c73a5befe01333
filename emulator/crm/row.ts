/** Something of the CRM as the classic methods put it on the wire: upper-case names, strings everywhere (4, 7.2). */
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

/** `COMPANY_ID` is the main one of its companies; further ones are in `COMPANY_IDS`, which answers never show. */
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

/** Fills in the flags that a portal derives from the multifields (section 7.4), in the row itself. */
export function completeMultifields<Row extends CrmRow>(row: Row): Row {
  const complete: CrmRow = row;
  complete.HAS_IMOL ??= 'N';
  complete.HAS_PHONE = row.PHONE?.length ? 'Y' : 'N';
  complete.HAS_EMAIL = row.EMAIL?.length ? 'Y' : 'N';
  for (const name of MULTIFIELDS) {
    // Somebody without phones has no PHONE at all, rather than an empty one (7.2).
    if (row[name]?.length === 0) delete complete[name];
  }
  return row;
}
