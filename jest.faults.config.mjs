import { ALONE, base } from './jest.config.mjs';

export default {
  ...base,
  testMatch: ALONE.map((folder) => `${folder}**/*.spec.ts`),
  testTimeout: 120_000,
  // Most of these measure or make load: one after the other, so that none disturbs the next.
  maxWorkers: 1,
};
