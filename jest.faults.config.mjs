import { base, FAULTS } from './jest.config.mjs';

export default {
  ...base,
  testMatch: [`${FAULTS}**/*.spec.ts`],
  testTimeout: 120_000,
  // Most of these measure: one after the other, so that none disturbs the next.
  maxWorkers: 1,
};
