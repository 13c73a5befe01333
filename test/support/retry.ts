import { jest } from '@jest/globals';

// Processes, browsers and sockets of a shared machine: a second try is allowed, and the first failure is always printed.
jest.retryTimes(1, { logErrorsBeforeRetry: true });
