import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import {
  address,
  follow,
  loginAddress,
  type Remembered,
  rememberSignIn,
  useChromium,
  watchDestinations,
} from '../support/browser-journeys.ts';
import { hostileReturnTos } from '../support/hostile-return-tos.ts';
import { startApp, type TestApp } from '../support/start-app.ts';

/** `npm run test:fuzz` takes all of them, `npm test` others each time. */
const isThorough = Number(process.env.FUZZ_RUNS ?? 0) > 1_000;
const from = Math.floor(Math.random() * 10);
/** At the same time, because a visit is mostly waiting. */
const BROWSERS = ['192.0.2.1', '192.0.2.2', '192.0.2.3'];

const { newVisitor } = useChromium();
let app: TestApp;
let ada: Remembered;
beforeAll(async () => {
  // One address alone may not begin as many sign-ins in a minute.
  app = await startApp({ trustedProxies: ['127.0.0.1'] });
  ada = await rememberSignIn(await newVisitor(), app);
});
afterAll(() => app.stop());

describe('where a sign-in ends', () => {
  describe('when the login address holds a hostile returnTo', () => {
    it('is with us, signed in, in each of 500 ways to write one, or every tenth of them beside other tests', async () => {
      const all = hostileReturnTos(new URL(app.origin).host);
      const returnTos = all.filter((_, index) => isThorough || index % 10 === from);
      const visitors = await Promise.all(
        BROWSERS.map((address) =>
          newVisitor({ storageState: ada, extraHTTPHeaders: { 'x-forwarded-for': address } }),
        ),
      );
      const destinations = visitors.map(watchDestinations);

      const ends = await endsOfSignIns(visitors, returnTos);

      expect(all.length).toBeGreaterThanOrEqual(500);
      expect(ends).toEqual(
        returnTos.map((returnTo) => ({ returnTo, origin: app.origin, person: 'Ada Admin' })),
      );
      for (const each of destinations) expect([...each].sort()).toEqual([app.origin, portalOrigin()].sort());
      // A visit is nothing beside other tests, five hundred are.
    }, 180_000);
  });

  describe('when the address of the sign-in page holds a hostile returnTo', () => {
    it.each(['//evil.example', '/\\evil.example', '/.//evil.example', 'https:evil.example'])(
      'is with us, signed in: %j',
      async (returnTo) => {
        const page = await newVisitor({ storageState: signedInAtPortalOnly() });
        const destinations = watchDestinations(page);
        await page.goto(`${app.origin}/?returnTo=${encodeURIComponent(returnTo)}`);

        await follow(page.getByRole('link', { name: 'Sign in with' }));

        expect(page.url()).toBe(`${app.origin}/companies`);
        expect(await page.locator('.person-name').innerText()).toBe('Ada Admin');
        expect([...destinations]).toEqual([app.origin, portalOrigin()]);
      },
    );
  });

  describe('when somebody came with a hostile address instead of a page', () => {
    it('is with us', async () => {
      const page = await newVisitor({ storageState: signedInAtPortalOnly() });
      const destinations = watchDestinations(page);
      await page.goto(`${app.origin}//evil.example/companies`);

      await follow(page.getByRole('link', { name: 'To the companies' }));

      expect(address(page)).toBe('/companies');
      expect([...destinations]).toEqual([app.origin, portalOrigin()]);
    });
  });
});

describe('where a choice of language ends', () => {
  describe('when made at a hostile address', () => {
    it.each(['//evil.example', '/\\evil.example', '/.//evil.example/companies?q=1'])(
      'is with us: %j',
      async (path) => {
        const page = await newVisitor({ storageState: ada });
        const destinations = watchDestinations(page);
        await page.goto(app.origin + path);

        await follow(page.getByRole('button', { name: 'RU' }));

        expect(await page.locator('html').getAttribute('lang')).toBe('ru');
        expect([...destinations]).toEqual([app.origin]);
      },
    );
  });
});

describe('where an error page leads', () => {
  describe('when the store is away and the address is hostile', () => {
    let frail: TestApp;
    beforeAll(async () => {
      frail = await startApp({ store: 'redis' });
    });
    afterAll(() => frail.stop());

    it('is with us', async () => {
      const page = await newVisitor();
      await rememberSignIn(page, frail);
      frail.redis?.disconnect();

      const answer = await page.goto(`${frail.origin}//evil.example/`);

      expect(answer?.status()).toBe(503);
      expect(await linkOrigins(page)).toEqual([frail.origin]);
    });
  });
});

function portalOrigin(): string {
  return app.emulator.portals[0]?.origin ?? '';
}

/** Our own cookies left out: the portal asks no questions, so that one visit goes all the way. */
function signedInAtPortalOnly(): Remembered {
  return { ...ada, cookies: ada.cookies.filter(({ domain }) => domain === 'localhost') };
}

interface End {
  returnTo: string;
  origin: string;
  person: string;
}

/** One sign-in after the other in each browser: the portal knows this person and asks nothing, so each goes all the way. */
async function endsOfSignIns(visitors: Page[], returnTos: string[]): Promise<End[]> {
  const ends: End[] = [];
  const left = [...returnTos.entries()];
  await Promise.all(
    visitors.map(async (page) => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        const [index, returnTo] = next;
        await page.goto(loginAddress(app, { path: returnTo }), { waitUntil: 'domcontentloaded' });
        const person = await page.locator('.person-name').innerText();
        ends[index] = { returnTo, origin: new URL(page.url()).origin, person };
      }
    }),
  );
  return ends;
}

/** Where all links of a page lead, each origin once. */
function linkOrigins(page: Page): Promise<string[]> {
  return page.evaluate<string[]>('[...new Set([...document.links].map(({ origin }) => origin))]');
}
