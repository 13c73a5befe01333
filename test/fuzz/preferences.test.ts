import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { COLUMNS } from '../../src/companies/columns.ts';
import {
  createPreferences,
  DENSITIES,
  MAX_NAME_LENGTH,
  MAX_VIEWS,
  type Preferences,
  TooManyViewsError,
} from '../../src/companies/preferences.ts';
import { EACH, outcomeOfAsync } from '../support/fuzz.ts';
import { anyJson, anyText, nearly } from '../support/hostile-values.ts';
import { createMemoryStore } from '../support/memory-store.ts';

const ADA = { memberId: 'a', userId: 1, clientId: 'local.1' };
const KEY = 'b24:preferences:{a}:local.1:1';

const aView = fc.record({
  name: fc.oneof(fc.constantFrom('Mine', 'New'), fc.string({ minLength: 1, maxLength: MAX_NAME_LENGTH })),
  search: fc.constantFrom('', 'q=a', '__proto__=1'),
});
const aRecord = nearly({
  columns: fc.array(fc.constantFrom<string>(...COLUMNS, 'nothing'), { maxLength: 12 }),
  density: fc.constantFrom('compact', 'comfortable', 'dense'),
  views: fc.array(nearly({ id: fc.string(), name: fc.string(), search: fc.string() }), {
    maxLength: MAX_VIEWS + 2,
  }),
});
const anyRecord = fc.oneof(
  aRecord.map((record) => JSON.stringify(record)),
  anyJson.map((json) => JSON.stringify(json)),
  anyText,
);
const aLayout = fc.record({
  columns: fc
    .subarray([...COLUMNS])
    .map((columns) => COLUMNS.filter((each) => each === 'title' || columns.includes(each))),
  density: fc.constantFrom(...DENSITIES),
});

describe('the preferences of a person', () => {
  it('whatever their record holds › are preferences, and can be changed', () =>
    fc.assert(
      fc.asyncProperty(anyRecord, aLayout, aView, async (record, layout, view) => {
        const preferences = await preferencesFrom(record);

        expectPreferences(await preferences.load(ADA));

        await preferences.saveLayout(ADA, layout);
        const before = await preferences.load(ADA);
        expectPreferences(before);
        expect(before).toMatchObject(layout);

        const saved = await outcomeOfAsync(() => preferences.saveView(ADA, view), [TooManyViewsError]);
        const after = await preferences.load(ADA);
        expectPreferences(after);
        if ('refusal' in saved) return expect(before.views).toHaveLength(MAX_VIEWS);
        const [newest] = after.views;
        expect(newest).toMatchObject(view);

        await preferences.forgetView(ADA, newest?.id ?? '');
        const names = (await preferences.load(ADA)).views.map(({ name }) => name);
        expect(names).not.toContain(view.name);
      }),
      EACH,
    ));
});

async function preferencesFrom(record: string) {
  const store = createMemoryStore(Date.now);
  await store.set(KEY, record, 1_000);
  return createPreferences(store);
}

function expectPreferences({ columns, density, views }: Preferences): void {
  expect(columns).toContain('title');
  expect(columns.filter((column) => !COLUMNS.includes(column))).toEqual([]);
  expect(DENSITIES).toContain(density);
  expect(views.length).toBeLessThanOrEqual(MAX_VIEWS);
  for (const { id, name, search } of views) {
    expect(id.length > 0 && name.length > 0).toBe(true);
    expect(typeof search).toBe('string');
  }
}
