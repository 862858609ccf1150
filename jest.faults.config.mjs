import { base, FAULTS } from './jest.config.mjs';

export default {
  ...base,
  testMatch: [`${FAULTS}**/*.spec.ts`],
  testTimeout: 120_000,
};
