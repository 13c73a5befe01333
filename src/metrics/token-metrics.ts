import { Counter, Histogram, type Registry } from 'prom-client';
import type { RefreshObserver } from '../vault/token-refresher.ts';
import { PREFIX, seconds } from './names.ts';

/** Nobody waits longer than 8 s. */
const BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8];
const OUTCOMES = ['renewed', 'refused', 'kept', 'unknown'];
const ENDS = [
  'invalid_grant',
  'expired_token',
  'invalid_token',
  'not_installed',
  'foreign_tokens',
  'unusable_answer',
];

/** How access tokens are renewed, and which grants were lost over it. */
export function measureRefreshes(registry: Registry): RefreshObserver {
  const registers = [registry];
  const refreshes = new Counter({
    name: `${PREFIX}refreshes_total`,
    help: 'Attempts to renew an access token: renewed, refused (the grant is over), kept (failed, the refresh token is good), unknown (no answer: it may be used up).',
    labelNames: ['outcome'],
    registers,
  });
  const waits = new Histogram({
    name: `${PREFIX}refresh_wait_seconds`,
    help: 'How long callers waited for a renewal, their own or that of another caller or process.',
    buckets: BUCKETS,
    registers,
  });
  const adopted = new Counter({
    name: `${PREFIX}refreshes_adopted_total`,
    help: 'Renewals made by another process whose result was taken.',
    registers,
  });
  const lost = new Counter({
    name: `${PREFIX}grants_lost_total`,
    help: 'Grants that ended although the person had not ended them here, by reason.',
    labelNames: ['reason'],
    registers,
  });
  const missing = new Counter({
    name: `${PREFIX}grants_missing_total`,
    help: 'Requests of people who were signed in but had no grant in the store.',
    registers,
  });
  // So that the first one is an increase too.
  for (const outcome of OUTCOMES) refreshes.inc({ outcome }, 0);
  for (const reason of ENDS) lost.inc({ reason }, 0);
  return {
    attempted: (outcome) => refreshes.inc({ outcome }),
    waited: (ms) => waits.observe(seconds(ms)),
    adopted: () => adopted.inc(),
    lost: (reason) => lost.inc({ reason }),
    missing: () => missing.inc(),
  };
}
