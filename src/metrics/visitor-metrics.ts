import { Counter, Histogram, type Registry } from 'prom-client';
import { PREFIX, seconds } from './names.ts';
import type { Observers } from './observers.ts';

/** All that routes of ours answer to; whoever sends another method has made it up. */
const METHODS = ['GET', 'HEAD', 'POST'];
/** From a kept page to the longest that anybody waits for a portal. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15];
const ANSWERS = ['fresh', 'renewing', 'last_known', 'miss'];

/** What visitors ask for, and what they get. */
export function measureVisitors(
  registry: Registry,
): Pick<Observers, 'request' | 'signIn' | 'visitorRefused' | 'answer'> {
  const registers = [registry];
  const requests = new Histogram({
    name: `${PREFIX}http_request_duration_seconds`,
    help: 'Requests by method, route and status. Status "left": the visitor did not wait for the whole answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
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
  signIns.inc({ outcome: 'success' }, 0);
  for (const state of ANSWERS) answers.inc({ state }, 0);
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
