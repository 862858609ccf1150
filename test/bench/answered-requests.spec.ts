/**
 * What a request has left behind goes soon after its answer, and not only when the whole heap is
 * collected. Real: the built server, PostgreSQL, 256 callers at once.
 */
import { expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { inFull } from '../support/lengths.js';
import { metric } from '../support/metrics.js';
import { startServer } from '../support/server.js';
import { SteadyLoad } from '../support/steady-load.js';

const CALLERS = 256;
/** Until V8 has made up its mind about the code, and what it makes. */
const WARM_MS = 3000;
const SAMPLES = 12;
const BETWEEN_MS = 250;
/** In bytes for each token; some 200 are right, and 6,000 where answered requests are kept. */
const MOST_KEPT = 1500;
/** V8 decides it anew at each start. */
const STARTS = inFull([1, 2, 3], [1]);

const cleanUp = cleanUpAfterEach();

it.each(STARTS)('does not pile up among the old objects (start %i)', async () => {
  const server = await startServer();
  cleanUp(() => server.stop());
  const load = new SteadyLoad(server.baseUrl, server.admin, CALLERS);
  await delay(WARM_MS);
  const kept: number[] = [];
  for (let [bytes, tokens] = await sample(); kept.length < SAMPLES;) {
    await delay(BETWEEN_MS);
    const [moreBytes, moreTokens] = await sample();
    kept.push((moreBytes - bytes) / (moreTokens - tokens));
    [bytes, tokens] = [moreBytes, moreTokens];
  }
  await load.stop();
  expect(load.failed).toEqual([]);
  // Between them the whole heap may be collected once, or grow by what belongs there.
  const median = kept.sort((one, other) => one - other)[SAMPLES / 2];
  expect(median).toBeLessThan(MOST_KEPT);

  async function sample(): Promise<[bytes: number, tokens: number]> {
    const bytes = metric(server.baseUrl, 'nodejs_heap_space_size_used_bytes{space="old"}');
    return [await bytes, load.sent.length];
  }
});
