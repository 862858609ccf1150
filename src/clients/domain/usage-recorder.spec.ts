import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { UsageRecorder } from './usage-recorder.js';
import { UsageRepository, type Use } from './usage.repository.js';

class FakeUsageRepository extends UsageRepository {
  readonly batches: (readonly Use[])[] = [];
  failure: Error | undefined;
  /** Awaited before an answer: a slow database. */
  answered: Promise<void> = Promise.resolve();

  override async store(uses: readonly Use[]): Promise<void> {
    await this.answered;
    if (this.failure !== undefined) throw this.failure;
    this.batches.push(uses);
  }
}

let repository: FakeUsageRepository;
let recorder: UsageRecorder;

beforeEach(() => {
  jest.useFakeTimers();
  Logger.overrideLogger(false);
  repository = new FakeUsageRepository();
  recorder = new UsageRecorder(repository);
});

afterEach(() => {
  jest.useRealTimers();
});

const stored = () => repository.batches.flat();

describe('the last uses', () => {
  it('are written after ten seconds, a row for each secret, however often it was used', async () => {
    for (let turn = 0; turn < 1000; turn += 1) recorder.note(1, 10 + (turn % 2), '192.0.2.1');
    await jest.advanceTimersByTimeAsync(9_999);
    expect(repository.batches).toEqual([]);
    await jest.advanceTimersByTimeAsync(1);
    expect(repository.batches).toHaveLength(1);
    expect(stored().map(({ secretKey }) => secretKey)).toEqual([10, 11]);
  });

  it('are told by their age and the last address', async () => {
    recorder.note(1, 10, '192.0.2.1');
    await jest.advanceTimersByTimeAsync(4000);
    recorder.note(1, 10, '192.0.2.2');
    await jest.advanceTimersByTimeAsync(6000);
    expect(stored()).toEqual([
      { clientKey: 1, secretKey: 10, address: '192.0.2.2', ageSeconds: 6 },
    ]);
  });

  it('take no timer where nothing is noted, and a new one after a write', async () => {
    expect(jest.getTimerCount()).toBe(0);
    recorder.note(1, 10, 'a');
    await jest.advanceTimersByTimeAsync(10_000);
    expect(jest.getTimerCount()).toBe(0);
    recorder.note(1, 10, 'a');
    await jest.advanceTimersByTimeAsync(10_000);
    expect(repository.batches).toHaveLength(2);
  });

  it('that can not be written are kept, unless used again, and tried again', async () => {
    repository.failure = new Error('out of reach');
    recorder.note(1, 10, 'old');
    recorder.note(2, 20, 'kept');
    await recorder.flush();
    recorder.note(1, 10, 'new');
    repository.failure = undefined;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(
      stored()
        .map(({ address }) => address)
        .toSorted(),
    ).toEqual(['kept', 'new']);
    expect(stored().find(({ address }) => address === 'kept')?.ageSeconds).toBe(10);
  });

  it('that come while others are written are not lost', async () => {
    let answer = (): void => undefined;
    repository.answered = new Promise((resolve) => {
      answer = resolve;
    });
    recorder.note(1, 10, 'first');
    const first = recorder.flush();
    await Promise.resolve();
    recorder.note(2, 20, 'second');
    const second = recorder.flush();
    answer();
    await Promise.all([first, second]);
    expect(repository.batches.map((batch) => batch.map(({ address }) => address))).toEqual([
      ['first'],
      ['second'],
    ]);
  });

  it('are written in batches of a thousand', async () => {
    for (let key = 1; key <= 2500; key += 1) recorder.note(key, key, 'a');
    await recorder.flush();
    expect(repository.batches.map(({ length }) => length)).toEqual([1000, 1000, 500]);
  });

  it('are remembered up to a limit; what is known is brought up to date all the same', async () => {
    for (let key = 1; key <= 100_001; key += 1) recorder.note(key, key, 'first');
    recorder.note(1, 1, 'again');
    await recorder.flush();
    expect(stored()).toHaveLength(100_000);
    expect(stored()[0]?.address).toBe('again');
  });

  it('are written when the server stops, and no timer is left', async () => {
    recorder.note(1, 10, 'a');
    await recorder.onModuleDestroy();
    expect(stored()).toHaveLength(1);
    repository.failure = new Error('out of reach');
    recorder.note(1, 10, 'a');
    await recorder.onModuleDestroy();
    expect(jest.getTimerCount()).toBe(0);
  });
});
