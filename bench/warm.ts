import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Company } from '../src/bitrix24/crm/company.ts';
import { mailHref, phoneHref } from '../src/companies/links.ts';
import { createFormat } from '../src/i18n/format.ts';
import { startRedisServer } from '../test/support/redis-server.ts';
import { median, withSpread } from './figures.ts';
import { type Load, load } from './load.ts';
import { startProcess } from './process.ts';
import { signIn, startServerUnderTest } from './server-under-test.ts';

/**
 * Compares the list of companies with a cached answer with a bare server that sends the same HTML and reads a session
 * from the same Redis. Rounds alternate, so that other load on the machine affects both.
 */
const ROUNDS = 7;
const SECONDS = 4;

/** @returns  lines of Markdown */
export async function benchWarm(): Promise<string[]> {
  const redis = await startRedisServer();
  const { server, stop } = await startServerUnderTest({
    env: { REDIS_URL: redis.url, CACHE_SECONDS: '600' },
  });
  const cookie = await signIn(server);
  const ours = { url: `${server.origin}/companies`, cookie };
  const html = await page(ours);

  const bareServer = await startProcess('bench/bare/server.js', {
    NODE_ENV: 'production',
    REDIS_URL: redis.url,
    PAGE: await writePage(html, server.origin, cookie),
  });
  const login = await fetch(`${bareServer.origin}/login`, { redirect: 'manual' });
  const bare = {
    url: `${bareServer.origin}/companies`,
    cookie: login.headers.getSetCookie()[0]?.split(';')[0] ?? '',
  };
  const bareHtml = await page(bare);
  if (normalizeSpaces(html) !== normalizeSpaces(bareHtml))
    throw new Error('the two pages are not the same HTML');

  const loads: Record<'ours' | 'bare', Load[]> = { ours: [], bare: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    loads.bare.push(await load(bare.url, { cookie: bare.cookie }, SECONDS));
    loads.ours.push(await load(ours.url, { cookie: ours.cookie }, SECONDS));
  }
  await Promise.all([stop(), bareServer.stop()]);
  await redis.stop();

  const rates = { ours: loads.ours.map(({ rate }) => rate), bare: loads.bare.map(({ rate }) => rate) };
  const tails = { ours: loads.ours.map(({ p99 }) => p99), bare: loads.bare.map(({ p99 }) => p99) };
  return [
    `The same ${Math.round(html.length / 1024)} KiB of HTML, one Redis, 20 connections, ${ROUNDS} rounds of ${SECONDS} s in turn; median (least–most):`,
    '',
    '| | ours | bare Express + express-session + connect-redis + EJS | ratio |',
    '|---|---|---|---|',
    `| requests a second | ${withSpread(rates.ours)} | ${withSpread(rates.bare)} | ${(median(rates.ours) / median(rates.bare)).toFixed(2)} |`,
    `| p99, ms | ${withSpread(tails.ours)} | ${withSpread(tails.bare)} | ${(median(tails.ours) / median(tails.bare)).toFixed(2)} |`,
  ];
}

async function page({ url, cookie }: { url: string; cookie: string }): Promise<string> {
  const answer = await fetch(url, { headers: { cookie, accept: 'text/html', 'accept-language': 'en' } });
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}`);
  return answer.text();
}

/** Writes the input of the bare server: the HTML around the rows, and the formatted values of each row. */
async function writePage(html: string, origin: string, cookie: string): Promise<string> {
  const answer = await fetch(`${origin}/companies`, { headers: { cookie, accept: 'application/json' } });
  const { companies } = (await answer.json()) as { companies: Company[] };
  const [before = '', rest = ''] = html.split('<tbody>');
  const [, after = ''] = rest.split('</tbody>');
  const file = join(mkdtempSync(join(tmpdir(), 'bench-')), 'page.json');
  writeFileSync(
    file,
    JSON.stringify({
      page: { before: `${before}<tbody>`, after: `</tbody>${after}` },
      rows: companies.map(toRow),
    }),
  );
  return file;
}

const format = createFormat('en');

function toRow(company: Company) {
  const { id, title, type, industry, phones, emails, revenue, currency, responsible } = company;
  const [phone] = phones;
  const [email] = emails;
  const others = phones.length + emails.length - (phone ? 1 : 0) - (email ? 1 : 0);
  const [created, modified] = [company.created ?? '', company.modified ?? ''];
  return {
    id,
    href: `/companies/${id}`,
    title,
    type: type?.name,
    industry: industry?.name,
    phone,
    phoneHref: phone && phoneHref(phone),
    email,
    emailHref: email && mailHref(email),
    more: others > 0 ? `${others} more` : undefined,
    responsible: responsible?.name,
    revenue: revenue === null ? undefined : format.money(revenue, currency),
    created,
    createdOn: format.date(created),
    createdAt: format.instant(created),
    modified,
    modifiedOn: format.date(modified),
    modifiedAt: format.instant(modified),
  };
}

/** Removes differences in white space between the two templates. */
function normalizeSpaces(html: string): string {
  return html.replace(/\s+/g, ' ').replace(/> </g, '><').trim();
}
