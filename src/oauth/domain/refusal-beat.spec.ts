import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError } from '../../errors/domain-error.js';
import type { Awaitable } from '../../resource-server/index.js';
import { RefusalBeat } from './refusal-beat.js';

const BEAT_MS = 5;
/** The clocks of two threads are read one after the other. */
const READING_MS = 0.05;

let beat: RefusalBeat;

beforeEach(() => {
  beat = new RefusalBeat();
});

afterEach(() => beat.onModuleDestroy());

/** Works for so long, without giving way to anybody, and then fails. */
function refusedAfter(ms: number, error: Error): () => Promise<never> {
  return () => {
    const end = performance.now() + ms;
    while (performance.now() < end);
    return Promise.reject(error);
  };
}

async function timeOf(task: () => Awaitable<unknown>): Promise<number> {
  const start = performance.now();
  await Promise.resolve(task()).catch(() => undefined);
  return performance.now() - start;
}

const refusal = new DomainError('invalid_client', 'no');

describe('a refusal', () => {
  it.each([
    [0, 1],
    [1, 1],
    [4, 1],
    [6, 2],
    [12, 3],
  ])('that took %d ms of work goes out at beat %d at the earliest', async (workMs, beats) => {
    const ms = await timeOf(() => beat.of(refusedAfter(workMs, refusal)));
    expect(ms).toBeGreaterThanOrEqual(beats * BEAT_MS - READING_MS);
  });

  it('is what was thrown', async () => {
    for (const code of ['invalid_client', 'too_many_attempts'] as const) {
      const error = new DomainError(code, 'no');
      await expect(beat.of(refusedAfter(0, error))).rejects.toBe(error);
    }
  });

  it('among many waits for its own beat alone', async () => {
    const many = Array.from({ length: 200 }, () => timeOf(() => beat.of(refusedAfter(0, refusal))));
    for (const ms of await Promise.all(many)) {
      expect(ms).toBeGreaterThanOrEqual(BEAT_MS - READING_MS);
    }
  });

  it('goes out all the same where the application ends meanwhile, and afterwards', async () => {
    await beat.of(refusedAfter(0, refusal)).catch(() => undefined);
    const waiting = beat.of(refusedAfter(0, refusal));
    await Promise.all([expect(waiting).rejects.toBe(refusal), beat.onModuleDestroy()]);
    await expect(beat.of(refusedAfter(0, refusal))).rejects.toBe(refusal);
  });
});

describe('what is no refusal of a client', () => {
  it('is told at once where it is known at once', () => {
    expect(beat.of(() => 'in')).toBe('in');
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a client that is let in', () => Promise.resolve('in')],
    ['a failure of the store', refusedAfter(0, new DomainError('temporarily_unavailable', 'no'))],
    ['any other error', refusedAfter(0, new Error('a fault'))],
  ])('does not wait: %s', async (_what, task) => {
    const times = 400;
    const ms = await timeOf(async () => {
      for (let time = 0; time < times; time += 1)
        await Promise.resolve(beat.of(task)).catch(() => undefined);
    });
    expect(ms).toBeLessThan(times * BEAT_MS);
  });
});
