import { endWith, loadEnvFile } from './boot/cli.ts';
import type { Config } from './config/config.ts';
import { checkClock } from './doctor/clock.ts';
import { type Finding, problem, warning } from './doctor/finding.ts';
import { askOutgoingHosts } from './doctor/outgoing-hosts.ts';
import { formatCount, formatGroup } from './doctor/print.ts';
import { checkPublicUrl } from './doctor/public-url.ts';
import { checkReachability } from './doctor/reachability.ts';
import { checkRecords } from './doctor/records.ts';
import { checkSettings, listeningAt } from './doctor/settings.ts';
import { visitStore } from './doctor/store.ts';
import { AppError } from './errors.ts';
import { createHttpClient } from './http-client/http-client.ts';
import { chooseProxy, type ProxyFor } from './http-client/outgoing-proxy.ts';
import { settlesWithin } from './timing.ts';
import { createCipher } from './vault/cipher.ts';

/** Longer than the slowest check gives its own calls. */
const CHECK_MS = 15_000;
const LOOK_AT_RECORDS_MS = 6_000;

// So that a name server that is away is reported within the deadlines here, and does not delay the end of this process, which
// waits for lookups that are under way: 10 s and more for each without this (read by glibc).
process.env.RES_OPTIONS ??= 'timeout:1 attempts:2';

const isColourful = process.stdout.isTTY === true && !process.env.NO_COLOR;
const found: Finding[] = [];

/**
 * `npm run doctor`: what is wrong with this installation, and what to do. Can be run beside the server: what it writes is
 * what the server would, a ping in the store and, in development, missing secrets. Ends with 1 when there is a problem.
 */
try {
  loadEnvFile();
  const { findings, config } = checkSettings(process.env);
  tell('Settings', findings);
  if (config) await examine(config);
} catch (error) {
  endWith(error, ({ message }) => `The doctor could not begin: ${message}`);
}
process.stdout.write(formatCount(found));
process.exit(found.some(({ level }) => level === 'problem') ? 1 : 0);

/** All checks begin at once; their findings are printed in this order. */
async function examine(config: Config): Promise<void> {
  // It calls only hosts that the settings name.
  const here = listeningAt(config);
  const chosen = chooseProxy(config);
  // Our own server is asked directly, whatever its address.
  const proxyFor: ProxyFor = (url) => (url.origin === here.origin ? undefined : chosen(url));
  const http = createHttpClient({ mayBePrivate: () => true, proxyFor });
  const hosts = askOutgoingHosts(http, config);
  const visit = visitStore(config);
  const clock = Promise.all([hosts, visit.catch(() => undefined)]);
  const records = visit.then(({ store }) =>
    store
      ? checkRecords({
          clientId: config.clientId,
          store,
          cipher: createCipher(config.tokenKeys),
          lookForMs: LOOK_AT_RECORDS_MS,
        })
      : [warning('Not looked at, because the store is away', 'First the store, then run this again')],
  );
  const checks: [title: string, check: Promise<Finding[]>][] = [
    ['Clock', clock.then(([all, store]) => checkClock(all, store?.clockDifferenceMs))],
    ['Store', visit.then(({ findings }) => findings)],
    ['Records', records],
    ['Bitrix24', hosts.then((all) => checkReachability(all, config.portals.patterns, proxyFor))],
    ['PUBLIC_URL', checkPublicUrl(http, config.publicUrl, here, proxyFor)],
  ];
  const bounded = checks.map(async ([title, check]) => ({ title, findings: await inTime(check) }));
  for (const each of bounded) {
    const { title, findings } = await each;
    tell(title, findings);
  }
}

/** A check that fails or hangs is a finding, and stops no other. */
async function inTime(check: Promise<Finding[]>): Promise<Finding[]> {
  const checked = check.catch((error: unknown) => [
    // Of an error that we did not make the message may hold anything.
    problem(
      `This could not be checked: ${error instanceof AppError ? error.message : (error as Error)?.name}`,
      'Run it again; if it stays, please report it',
    ),
  ]);
  if (await settlesWithin(checked, CHECK_MS)) return checked;
  return [
    problem(
      `This took longer than ${CHECK_MS / 1000} s and was given up`,
      'Run it again; if it stays, something holds the store or the network up',
    ),
  ];
}

function tell(title: string, findings: Finding[]): void {
  found.push(...findings);
  process.stdout.write(formatGroup(title, findings, isColourful));
}
