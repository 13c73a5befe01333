import { expect, jest } from '@jest/globals';

/** Only here do several processes and browsers of a shared machine meet; in any other folder a second try hides a race. */
const FOLDERS = /\/test\/(journeys|chaos)\//;

// Printed, so that a race is seen even where the second try succeeds.
if (FOLDERS.test(expect.getState().testPath ?? '')) jest.retryTimes(1, { logErrorsBeforeRetry: true });
