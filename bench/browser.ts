import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../test/support/chromium.ts';
import { withSpread } from './figures.ts';
import { signIn, startServerUnderTest } from './server-under-test.ts';

/**
 * Measures how long a browser takes from the click to the first contentful paint, and how many bytes it loads with an
 * empty cache. The demo portal has 12,000 companies, and all answers of the portal are cached, which is the usual
 * case.
 */
const ROUNDS = 7;
const PAGES = { list: '/companies', card: '/companies/11993', overview: '/overview', exports: '/exports' };

/** @returns  lines of Markdown */
export async function benchBrowser(): Promise<string[]> {
  const { server, stop } = await startServerUnderTest({ env: { CACHE_SECONDS: '600' } });
  const cookie = await signIn(server);
  const browser = await launchChromium();
  const rows: string[] = [];
  for (const [name, path] of Object.entries(PAGES)) {
    const visits: Visit[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      visits.push(await visit(browser, server.origin + path, cookie));
      // The first visit starts the counts for the plots in the background.
      if (round === 0) await new Promise((resolve) => setTimeout(resolve, 3_000));
    }
    const counted = visits.slice(1);
    const paints = withSpread(counted.map(({ paintMs }) => paintMs));
    const sizes = withSpread(
      counted.map(({ bytes }) => bytes / 1024),
      1,
    );
    const whole = withSpread(
      counted.map(({ rawBytes }) => rawBytes / 1024),
      0,
    );
    rows.push(`| ${name} | ${paints} | ${sizes} | ${whole} | ${counted[0]?.requests} |`);
  }
  await browser.close();
  await stop();
  return [
    `Chromium with an empty cache, ${ROUNDS} visits to each; median (least–most):`,
    '',
    '| page | first contentful paint, ms | KB over the wire | KB unpacked | requests |',
    '|---|---|---|---|---|',
    ...rows,
  ];
}

interface Visit {
  paintMs: number;
  bytes: number;
  rawBytes: number;
  requests: number;
}

async function visit(browser: Browser, address: string, cookie: string): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const url = new URL(address);
  await context.addCookies(
    cookie.split('; ').map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return { name, value: value.join('='), domain: url.hostname, path: '/' };
    }),
  );
  const page = await context.newPage();
  const traffic = await watchTraffic(page);
  await page.goto(address);
  await page.waitForTimeout(200);
  const paintMs = await page.evaluate<number>(
    `performance.getEntriesByName('first-contentful-paint')[0].startTime`,
  );
  await context.close();
  return { paintMs, ...traffic };
}

/** Counts received bytes, headers included. */
async function watchTraffic(page: Page): Promise<Omit<Visit, 'paintMs'>> {
  const traffic = { bytes: 0, rawBytes: 0, requests: 0 };
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  devtools.on('Network.loadingFinished', ({ encodedDataLength }) => {
    traffic.bytes += encodedDataLength;
    traffic.requests += 1;
  });
  devtools.on('Network.dataReceived', ({ dataLength }) => {
    traffic.rawBytes += dataLength;
  });
  return traffic;
}
