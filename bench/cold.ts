import { Agent, get } from 'node:http';
import axios from 'axios';
import { ALL_COMPANIES } from '../src/bitrix24/crm/company-filter.ts';
import { listCompanies } from '../src/bitrix24/crm/company-list.ts';
import { buildBatch } from '../src/bitrix24/rest/batch.ts';
import type { Params, RestClient } from '../src/bitrix24/rest/rest-types.ts';
import { startRedisServer } from '../test/support/redis-server.ts';
import { median, withSpread } from './figures.ts';
import { signIn, startServerUnderTest } from './server-under-test.ts';

/**
 * Compares the list of companies without any cached answer, dictionaries included, with bare axios sending the same
 * batch to the portal. One request at a time, in turn; the difference is the time that the application adds.
 */
const ROUNDS = 5;
const PAGES = 200;
const QUERY = { filter: ALL_COMPANIES, page: 1, sort: 'id', order: 'desc' } as const;

/** @returns  lines of Markdown */
export async function benchCold(): Promise<string[]> {
  const redis = await startRedisServer();
  const { server, emulator, stop } = await startServerUnderTest({
    env: { REDIS_URL: redis.url, CACHE_SECONDS: '0' },
  });
  const cookie = await signIn(server);
  const { accessToken, clientEndpoint } = await emulator.tokens(1);
  const batch = { ...(await captureBatch()), auth: accessToken };
  const client = axios.create({ httpAgent: new Agent({ keepAlive: true }), proxy: false });
  const ours = () => fetchPage(`${server.origin}/companies`, cookie);
  const bare = () => client.post(`${clientEndpoint}batch`, batch);

  const rounds: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const times: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
    for (let page = 0; page < PAGES; page += 1) {
      times.bare.push(await timed(bare));
      times.ours.push(await timed(ours));
    }
    // Round 0 is the warm-up.
    if (round === 0) continue;
    rounds.ours.push(median(times.ours));
    rounds.bare.push(median(times.bare));
  }
  await stop();
  await redis.stop();
  const added = rounds.ours.map((ms, round) => ms - (rounds.bare[round] ?? 0));
  return [
    `Medians of ${PAGES} pages, one at a time, ${ROUNDS} rounds; median of the rounds (least–most), in ms:`,
    '',
    '| | ms |',
    '|---|---|',
    `| ours: session, token, batch, HTML | ${withSpread(rounds.ours, 2)} |`,
    `| bare axios: the batch alone | ${withSpread(rounds.bare, 2)} |`,
    `| added by us | ${withSpread(added, 2)} |`,
  ];
}

const browser = new Agent({ keepAlive: true });

/** Sends the headers of a browser and reads the whole body without rendering it. */
function fetchPage(address: string, cookie: string): Promise<void> {
  const headers = { cookie, accept: 'text/html', 'accept-encoding': 'gzip, deflate, br' };
  return new Promise((resolve, reject) => {
    get(address, { agent: browser, headers }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`the page answered ${answer.statusCode}`));
      answer.resume().once('end', resolve);
    }).once('error', reject);
  });
}

async function timed(ask: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await ask();
  return performance.now() - from;
}

/** Captures the batch that the application would send for this page. */
async function captureBatch(): Promise<Params> {
  let batch: Params | undefined;
  const capturingClient = {
    batch(commands: Parameters<RestClient['batch']>[0]) {
      batch = buildBatch(commands);
      return Promise.reject(new Error('captured'));
    },
  } as unknown as RestClient;
  await listCompanies(capturingClient, QUERY).catch(() => undefined);
  if (batch === undefined) throw new Error('no batch was sent');
  return batch;
}
