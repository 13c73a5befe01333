import { median, withSpread } from './figures.ts';
import { load } from './load.ts';
import { residentMegabytes, startProcess } from './process.ts';
import { startServerUnderTest } from './server-under-test.ts';

/**
 * Measures start time, resident memory and sign-in pages per second, beside a bare Express server. Rounds alternate,
 * so that other load on the machine affects both.
 */
const ROUNDS = 5;
const SECONDS = 4;

/** @returns  lines of Markdown */
export async function benchPages(): Promise<string[]> {
  const starts = { ours: [] as number[], bare: [] as number[] };
  const weights = { ours: [] as number[], bare: [] as number[] };
  for (let round = 0; round < ROUNDS; round += 1) {
    const { server, stop } = await startServerUnderTest();
    starts.ours.push(server.startedInMs);
    weights.ours.push(residentMegabytes(server.pid));
    await stop();
    const bare = await startProcess('bench/bare/hello.js', { NODE_ENV: 'production' });
    starts.bare.push(bare.startedInMs);
    weights.bare.push(residentMegabytes(bare.pid));
    await bare.stop();
  }

  const { server, stop } = await startServerUnderTest();
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    rates.push((await load(`${server.origin}/`, {}, SECONDS)).rate);
  const loadedWeight = residentMegabytes(server.pid);
  await stop();

  return [
    `${ROUNDS} rounds, embedded store; median (least–most):`,
    '',
    '| | ours | bare Express | ratio |',
    '|---|---|---|---|',
    compare('cold start to the first answer, ms', starts.ours, starts.bare),
    compare('resident memory after start, MB', weights.ours, weights.bare),
    `| GET / (sign-in page), 20 connections, requests a second | ${withSpread(rates)} | | |`,
    '',
    `Resident memory after ${ROUNDS * SECONDS} s of load: ${loadedWeight.toFixed(0)} MB.`,
  ];
}

function compare(what: string, our: number[], theirs: number[]): string {
  const ratio = (median(our) / median(theirs)).toFixed(2);
  return `| ${what} | ${withSpread(our)} | ${withSpread(theirs)} | ${ratio} |`;
}
