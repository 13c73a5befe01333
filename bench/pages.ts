import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import autocannon from 'autocannon';
import { createAgent } from '../test/support/browser-agent.ts';
import { median, withSpread } from './figures.ts';
import { type EmulatorProcess, type Running, startEmulatorProcess, startProcess } from './process.ts';

/**
 * How fast it starts, what it weighs, and how many pages of companies it serves in a second, beside a bare Express + EJS
 * page in the same run. Rounds alternate, so that a noisy moment hits both.
 */
const ROUNDS = 5;
const SECONDS = 4;
const CONNECTIONS = 20;

/** @returns lines of Markdown */
export async function benchPages(): Promise<string[]> {
  const emulator = await startEmulatorProcess();
  const ours = { name: 'ours', file: 'dist/server.js', env: settings(emulator) };
  const bare = { name: 'bare', file: 'bench/bare/server.js', env: { NODE_ENV: 'production' } };

  const starts = { ours: [] as number[], bare: [] as number[] };
  const weights = { ours: [] as number[], bare: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const peer of [ours, bare]) {
      const running = await startProcess(peer.file, { ...peer.env });
      starts[peer.name as 'ours'].push(running.startedInMs);
      weights[peer.name as 'ours'].push(residentMegabytes(running.pid));
      await running.stop();
    }
  }

  const [ourServer, bareServer] = [
    await startProcess(ours.file, ours.env),
    await startProcess(bare.file, bare.env),
  ];
  const cookie = await signIn(ourServer);
  const rates = { ours: [] as number[], bare: [] as number[], page: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.bare.push(await load(`${bareServer.origin}/companies`));
    rates.page.push(await load(`${ourServer.origin}/`));
    rates.ours.push(await load(`${ourServer.origin}/companies`, cookie));
  }
  const loadedWeight = residentMegabytes(ourServer.pid);
  await Promise.all([ourServer.stop(), bareServer.stop()]);
  await emulator.stop();

  return [
    `${ROUNDS} rounds, ${CONNECTIONS} connections, embedded store; median (least–most):`,
    '',
    '| | ours | bare Express + EJS | ratio |',
    '|---|---|---|---|',
    compare('cold start to the first answer, ms', starts.ours, starts.bare),
    compare('resident memory after start, MB', weights.ours, weights.bare),
    compare('GET / (sign-in page), requests a second', rates.page, rates.bare),
    compare('GET /companies, requests a second', rates.ours, rates.bare),
    '',
    `Resident memory after ${ROUNDS * SECONDS * 2} s of load: ${loadedWeight} MB. Each of our /companies pages asks the portal`,
    'twice and keeps nothing; the emulator runs on the same cores.',
  ];
}

function settings(emulator: EmulatorProcess): Record<string, string> {
  return {
    LOG_LEVEL: 'warn',
    DATA_DIR: mkdtempSync(join(tmpdir(), 'bench-')),
    BITRIX24_CLIENT_ID: emulator.clientId,
    BITRIX24_CLIENT_SECRET: emulator.clientSecret,
    BITRIX24_PORTALS: emulator.portal,
    BITRIX24_AUTHORIZATION_SERVERS: emulator.authorizationServer,
  };
}

async function signIn(server: Running): Promise<string> {
  const agent = createAgent();
  const login = await agent.request(`${server.origin}/login`);
  const form = { login: 'admin', password: 'demo' };
  const signedIn = await agent.request(login.location ?? '', { form });
  const redirect = await agent.request(new URL(signedIn.location ?? '', login.location).href);
  const callback = new URL(redirect.location ?? '');
  await agent.request(`${server.origin}${callback.pathname}${callback.search}`);
  return [...(agent.cookies.get(new URL(server.origin).hostname) ?? [])]
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
}

async function load(url: string, cookie?: string): Promise<number> {
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: SECONDS,
    headers: { accept: 'text/html', ...(cookie ? { cookie } : {}) },
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refusals, ${result.errors} errors`);
  return result.requests.average;
}

function residentMegabytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024);
  } catch {
    return Math.round(
      Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1024,
    );
  }
}

function compare(what: string, our: number[], theirs: number[]): string {
  const ratio = (median(our) / median(theirs)).toFixed(2);
  return `| ${what} | ${withSpread(our)} | ${withSpread(theirs)} | ${ratio} |`;
}
