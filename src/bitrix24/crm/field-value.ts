import type { CrmReference } from './crm-reference.ts';
import type { Person } from './users.ts';
import type { Dictionary } from './values.ts';

/**
 * One value of a field, as a page can show it. `exact` has the digits of a number as the portal has them, only where a
 * number cannot hold them all.
 */
export type FieldValue =
  | { kind: 'text'; text: string }
  | { kind: 'number'; number: number; exact?: string }
  | { kind: 'money'; amount: number; exact?: string; currency: string | null }
  | { kind: 'instant'; iso: string }
  /** `2026-03-05`, whatever the clock. */
  | { kind: 'date'; iso: string }
  | { kind: 'flag'; isOn: boolean }
  | { kind: 'person'; person: Person }
  | { kind: 'phone' | 'email' | 'web' | 'messenger'; value: string; valueType: string }
  /** A conversation of an open channel: the portal tells a technical id only. */
  | { kind: 'chat' }
  | ({ kind: 'reference' } & CrmReference)
  | { kind: 'file' };

/** What the values of a card refer to. */
export interface FieldContext {
  /** Of the company's revenue. */
  currency: string | null;
  /** By `statusType`. */
  dictionaries: Map<string, Dictionary>;
  people: Map<number, Person>;
}
