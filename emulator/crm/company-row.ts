/** A company as `crm.company.*` puts it on the wire: upper-case names, strings everywhere (sections 4, 7.2). */
export interface CompanyRow {
  ID: string;
  TITLE: string;
  PHONE?: Multifield[];
  EMAIL?: Multifield[];
  WEB?: Multifield[];
  IM?: Multifield[];
  LINK?: Multifield[];
  [field: string]: CompanyValue | undefined;
}

export type CompanyValue = string | null | string[] | Multifield[];

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
