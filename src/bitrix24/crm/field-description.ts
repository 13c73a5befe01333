import { asRows, readText } from './values.ts';

/** What `crm.company.fields` tells of a field (protocol 7.4, company-data 5.1). */
export interface FieldDescription {
  type: string;
  label: string | null;
  /** The dictionary of a field of type `crm_status`. */
  statusType: string | null;
  isMultiple: boolean;
  /** Names of an enumeration's values, by their ids. */
  items: ReadonlyMap<string, string>;
  /** The kinds of records that a field of type `crm` may refer to: `COMPANY`, `DYNAMIC_128`. */
  targets: string[];
}

/** Of a field that the portal does not describe. */
export const UNKNOWN_FIELD: FieldDescription = {
  type: 'string',
  label: null,
  statusType: null,
  isMultiple: false,
  items: new Map(),
  targets: [],
};

/** Reads the answer of `crm.company.fields`. */
export function readDescriptions(result: unknown): Map<string, FieldDescription> {
  return new Map(
    Object.entries(isObject(result) ? result : {}).flatMap(([name, raw]) =>
      isObject(raw) ? [[name, readDescription(raw)] as const] : [],
    ),
  );
}

function readDescription(raw: Record<string, unknown>): FieldDescription {
  return {
    type: readText(raw.type) ?? UNKNOWN_FIELD.type,
    label: readText(raw.formLabel) ?? readText(raw.listLabel) ?? readText(raw.title),
    statusType: readText(raw.statusType),
    isMultiple: isYes(raw.isMultiple),
    items: readItems(raw.items),
    targets: readTargets(raw.settings),
  };
}

function readItems(items: unknown): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const item of asRows(items) ?? []) {
    const { ID, VALUE } = isObject(item) ? item : {};
    const [id, name] = [readText(ID), readText(VALUE)];
    if (id !== null && name !== null) names.set(id, name);
  }
  return names;
}

function readTargets(settings: unknown): string[] {
  return Object.entries(isObject(settings) ? settings : {}).flatMap(([name, isOn]) =>
    isYes(isOn) ? [name] : [],
  );
}

function isYes(value: unknown): boolean {
  return value === true || value === 'Y';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
