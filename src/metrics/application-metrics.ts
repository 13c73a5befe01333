import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ExportObserver } from '../exports/jobs/work.ts';
import type { RefreshObserver } from '../vault/token-refresher.ts';
import { PREFIX, seconds } from './names.ts';
import type { Observers } from './observers.ts';

/** What the application does: requests of visitors, calls, refreshes of tokens, exports. */
export function measureApplication(registry: Registry): Omit<Observers, 'limiter'> {
  return {
    ...measureVisitors(registry),
    ...measureCalls(registry),
    refreshes: measureRefreshes(registry),
    exports: measureExports(registry),
  };
}

/** The methods that our routes answer; a visitor can make up any other. */
const METHODS = ['GET', 'HEAD', 'POST'];
/** From a page out of kept answers to the longest wait for a portal. */
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15];
const ANSWER_STATES = ['fresh', 'renewing', 'last_known', 'miss'];

/** What visitors ask for, and what they get. */
function measureVisitors(
  registry: Registry,
): Pick<Observers, 'request' | 'signIn' | 'visitorRefused' | 'answer'> {
  const registers = [registry];
  const requests = new Histogram({
    name: `${PREFIX}http_request_duration_seconds`,
    help: 'Requests by method, route and status. Status "left": the visitor did not wait for the whole answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: REQUEST_BUCKETS,
    registers,
  });
  const signIns = new Counter({
    name: `${PREFIX}sign_ins_total`,
    help: 'Visits of the redirection endpoint by outcome: success, restarted, repeated, or the code of an error.',
    labelNames: ['outcome'],
    registers,
  });
  const refused = new Counter({
    name: `${PREFIX}visitors_refused_total`,
    help: 'Requests refused because one visitor sent too many, by limit.',
    labelNames: ['limit'],
    registers,
  });
  const answers = new Counter({
    name: `${PREFIX}answers_total`,
    help: 'Answers of portals that pages were made of: fresh, renewing (older, a new one is on its way), last_known (a new one cannot be had), miss (the portal was asked).',
    labelNames: ['state'],
    registers,
  });
  // Initialised to 0, so that Prometheus' increase() sees the first event.
  signIns.inc({ outcome: 'success' }, 0);
  for (const state of ANSWER_STATES) answers.inc({ state }, 0);
  return {
    request: ({ method, route, status, ms }) =>
      requests.observe(
        { method: METHODS.includes(method) ? method : 'other', route, status: String(status) },
        seconds(ms),
      ),
    signIn: (outcome) => signIns.inc({ outcome }),
    visitorRefused: (limit) => refused.inc({ limit }),
    answer: (state) => answers.inc({ state }),
  };
}

/** Up to the deadlines of a page (15 s) and of a refresh whose answer is still read (65 s). */
const CALL_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 65];

/** Our calls to portals and authorization servers. */
function measureCalls(registry: Registry): Pick<Observers, 'restCall' | 'tokenCall'> {
  const calls = new Histogram({
    name: `${PREFIX}call_duration_seconds`,
    help: 'Calls to portals (rest) and authorization servers (token) by outcome: ok, or a word for what went wrong.',
    labelNames: ['kind', 'outcome'],
    buckets: CALL_BUCKETS,
    registers: [registry],
  });
  for (const kind of ['rest', 'token']) calls.zero({ kind, outcome: 'ok' });
  // Initialised to 0, so that Prometheus' increase() sees the first event.
  calls.zero({ kind: 'token', outcome: 'app_misconfigured' });
  return {
    restCall: (outcome, ms) => calls.observe({ kind: 'rest', outcome }, seconds(ms)),
    tokenCall: (outcome, ms) => calls.observe({ kind: 'token', outcome }, seconds(ms)),
  };
}

/** A caller waits 8 s at most. */
const REFRESH_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8];
const REFRESH_OUTCOMES = ['renewed', 'refused', 'kept', 'unknown'];
const GRANT_ENDS = [
  'invalid_grant',
  'expired_token',
  'invalid_token',
  'not_installed',
  'foreign_tokens',
  'unusable_answer',
];

/** How access tokens are renewed, and which grants were lost over it. */
function measureRefreshes(registry: Registry): RefreshObserver {
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
    buckets: REFRESH_BUCKETS,
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
  // Initialised to 0, so that Prometheus' increase() sees the first event.
  for (const outcome of REFRESH_OUTCOMES) refreshes.inc({ outcome }, 0);
  for (const reason of GRANT_ENDS) lost.inc({ reason }, 0);
  return {
    attempted: (outcome) => refreshes.inc({ outcome }),
    waited: (ms) => waits.observe(seconds(ms)),
    adopted: () => adopted.inc(),
    lost: (reason) => lost.inc({ reason }),
    missing: () => missing.inc(),
  };
}

const EXPORT_OUTCOMES = ['done', 'failed', 'waiting', 'cancelled', 'stopping', 'lost'];

/** Exports that this process works on. */
function measureExports(registry: Registry): ExportObserver {
  const registers = [registry];
  const running = new Gauge({
    name: `${PREFIX}exports_running`,
    help: 'Exports that this process works on.',
    registers,
  });
  const ended = new Counter({
    name: `${PREFIX}exports_ended_total`,
    help: 'Work on exports that ended: done, failed, waiting (for the person), cancelled; stopping and lost (another process goes on).',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of EXPORT_OUTCOMES) ended.inc({ outcome }, 0);
  return {
    began: () => running.inc(),
    ended(outcome) {
      running.dec();
      ended.inc({ outcome });
    },
  };
}
