import type { UserField, UserFieldType } from './user-fields.ts';

/** What a portal sets for a new field [RU:api-reference/crm/universal/user-defined-fields/crm-userfield-settings-fields.md]. */
const DEFAULT_SETTINGS: Partial<Record<UserFieldType, Record<string, unknown>>> = {
  string: { SIZE: 20, ROWS: 1, REGEXP: '', MIN_LENGTH: 0, MAX_LENGTH: 0, DEFAULT_VALUE: null },
  url: { POPUP: 'Y', SIZE: 20, MIN_LENGTH: 0, MAX_LENGTH: 0, DEFAULT_VALUE: '' },
  integer: { SIZE: 20, MIN_VALUE: 0, MAX_VALUE: 0, DEFAULT_VALUE: null },
  double: { PRECISION: 2, SIZE: 20, MIN_VALUE: 0, MAX_VALUE: 0, DEFAULT_VALUE: null },
  boolean: { DEFAULT_VALUE: 0, DISPLAY: 'CHECKBOX', LABEL: ['', ''], LABEL_CHECKBOX: null },
  enumeration: { DISPLAY: 'LIST', LIST_HEIGHT: 1, CAPTION_NO_VALUE: '', SHOW_NO_VALUE: 'Y' },
  date: { DEFAULT_VALUE: { TYPE: 'NONE', VALUE: '' } },
  datetime: { DEFAULT_VALUE: { TYPE: 'NONE', VALUE: '' }, USE_SECOND: 'Y', USE_TIMEZONE: 'N' },
  money: { DEFAULT_VALUE: '' },
  address: { SHOW_MAP: 'Y' },
  crm: { LEAD: 'N', CONTACT: 'N', COMPANY: 'Y', DEAL: 'N' },
  crm_status: { ENTITY_TYPE: null },
  iblock_element: { DISPLAY: 'LIST', LIST_HEIGHT: 1, IBLOCK_ID: 0, DEFAULT_VALUE: '', ACTIVE_FILTER: 'N' },
  iblock_section: { DISPLAY: 'LIST', LIST_HEIGHT: 1, IBLOCK_ID: 0, DEFAULT_VALUE: '', ACTIVE_FILTER: 'N' },
  file: { SIZE: 20, LIST_WIDTH: 0, LIST_HEIGHT: 0, MAX_SHOW_SIZE: 0, EXTENSIONS: [], TARGET_BLANK: 'Y' },
};

/** `settings` of a field description: an object with values, some of which are null (company-data 5.1). */
export function settingsOf({ type, settings, statusType }: UserField): Record<string, unknown> | [] {
  const given = settings ?? DEFAULT_SETTINGS[type] ?? {};
  const complete = statusType === undefined ? given : { ...given, ENTITY_TYPE: statusType };
  // An empty PHP array is a list in JSON.
  return Object.keys(complete).length === 0 ? [] : complete;
}
