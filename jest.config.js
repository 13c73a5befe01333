export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  setupFilesAfterEnv: ['<rootDir>/test/support/second-try.ts'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  // Generous: nothing here measures time by it, and machines are shared.
  testTimeout: 60_000,
  // A test that failed may leave a server behind; the run ends all the same.
  forceExit: true,
  // One by default on two cores. Half of the time is spent waiting: for deadlines, for browsers, for other processes.
  maxWorkers: 4,
  // Test files leave their modules behind in the process. Past this it is replaced: two of them grew to gigabytes.
  workerIdleMemoryLimit: '600MB',
};
