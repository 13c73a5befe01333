import type { Scenario } from '../scenario.ts';
import { backInTime } from './back-in-time.ts';
import { cutAnswers } from './cut-answers.ts';
import { droppedAfterCommit, droppedBeforeCommit } from './dropped.ts';
import { killedBeforeAnswer, killedBeforeCommit, killedBeforeRequest } from './killed.ts';
import { load, rollout, slowAnswers } from './load.ts';
import { manySignIns } from './many-sign-ins.ts';
import { newKeys } from './new-keys.ts';
import { newSignIn } from './new-sign-in.ts';
import { manyExpiries, oneExpiry } from './one-expiry.ts';
import { paused } from './paused.ts';
import { redisFullBeforeClaim, redisFullBeforeCommit, redisKilled } from './redis-away.ts';
import { clusterSlot } from './redis-cluster.ts';
import { sentinelFrozen, sentinelKilled } from './redis-failover.ts';
import { redisSick } from './redis-sick.ts';
import { signOutRace } from './sign-out.ts';
import { wrongSecret } from './wrong-secret.ts';

/** In the order in which they run. */
export const SCENARIOS: Scenario[] = [
  oneExpiry('R1', 'redis'),
  manyExpiries('R2', 'redis'),
  load('R3', 'redis'),
  slowAnswers,
  paused,
  killedBeforeAnswer,
  killedBeforeCommit,
  killedBeforeRequest,
  droppedAfterCommit,
  droppedBeforeCommit,
  redisKilled,
  redisFullBeforeClaim,
  redisFullBeforeCommit,
  backInTime,
  newSignIn,
  cutAnswers,
  wrongSecret,
  rollout,
  oneExpiry('R1-embedded', 'embedded'),
  manyExpiries('R2-embedded', 'embedded'),
  load('R3-embedded', 'embedded'),
  signOutRace('sign-out', 'redis'),
  signOutRace('sign-out-embedded', 'embedded'),
  newKeys('keys', 'redis'),
  newKeys('keys-embedded', 'embedded'),
  manySignIns('sign-ins', 'redis'),
  manySignIns('sign-ins-embedded', 'embedded'),
  sentinelKilled,
  sentinelFrozen,
  clusterSlot,
  redisSick,
];
