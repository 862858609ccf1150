import { base, WIDER } from './jest.config.mjs';

export default {
  ...base,
  testMatch: WIDER.map((folder) => `${folder}**/*.spec.ts`),
  testTimeout: 60_000,
};
