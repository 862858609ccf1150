import vm from 'node:vm';

if (vm.SourceTextModule === undefined) {
  throw new Error(
    'The code is ESM, which Jest loads only with --experimental-vm-modules. Run: npm test -- <pattern>',
  );
}

/** The folders of the wider suite. */
export const WIDER = ['e2e', 'cli', 'nodes', 'second-service'].map(
  (name) => `<rootDir>/test/${name}/`,
);

/** What is about the embedded PostgreSQL itself: left out where `TEST_DATABASE_URL` names another. */
const EMBEDDED = ['storage/embedded-postgres', 'contract/start'].map(
  (name) => `<rootDir>/test/${name}.spec.ts`,
);

/** The folders that `npm run test:faults` runs, one file after the other. */
export const ALONE = ['faults', 'bench'].map((name) => `<rootDir>/test/${name}/`);

/** What both test commands share: `npm test` (here) and `npm run test:e2e`. */
export const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', { useESM: true, tsconfig: 'tsconfig.json' }] },
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  testTimeout: 30_000,
  // Most of the time is spent waiting for servers that the tests start, not computing.
  maxWorkers: '100%',
};

export default {
  ...base,
  testMatch: ['<rootDir>/src/**/*.spec.ts', '<rootDir>/test/**/*.spec.ts'],
  // The wider suites have those that start many processes, a browser, or a database to break.
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/dist/',
    ...WIDER,
    ...ALONE,
    ...(process.env.TEST_DATABASE_URL === undefined ? [] : EMBEDDED),
  ],
};
