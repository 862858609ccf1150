import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { DomainError } from '../errors/domain-error.js';
import { Batches } from './batches.js';

/** Statements that a test finishes by hand. */
class Script {
  readonly batches: number[][] = [];
  private readonly finish: ((outcome: boolean[] | Error) => void)[] = [];
  running = 0;
  mostRunning = 0;

  readonly send = (items: readonly number[]): Promise<boolean[]> => {
    this.batches.push([...items]);
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    return new Promise((resolve, reject) => {
      this.finish.push((outcome) => {
        this.running -= 1;
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      });
    });
  };

  /** Ends the statement that runs; by default with all results. */
  async end(outcome: boolean[] | Error = Array<boolean>(600).fill(true)): Promise<void> {
    const finish = this.finish.shift();
    if (finish === undefined) throw new Error('no write runs');
    finish(outcome);
    await nextTurn();
  }
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function addAll(batches: Batches<number, boolean>, keys: readonly number[]): Promise<boolean>[] {
  return keys.map((key) => batches.add(key));
}

describe('items to be sent', () => {
  it('go at once where no write runs', async () => {
    const script = new Script();
    const results = new Batches('tokens', script.send, 10).add(1);
    expect(script.batches).toEqual([[1]]);
    await script.end();
    expect(await results).toBe(true);
  });

  it('gather while one runs, and go together as the next, in the order in which they came', async () => {
    const script = new Script();
    const batches = new Batches('tokens', script.send, 10);
    const results = addAll(batches, [1, 2, 3, 4]);
    expect(script.batches).toEqual([[1]]);
    await script.end();
    expect(script.batches).toEqual([[1], [2, 3, 4]]);
    results.push(...addAll(batches, [5]));
    await script.end();
    await script.end();
    expect(script.batches).toEqual([[1], [2, 3, 4], [5]]);
    expect(await Promise.all(results)).toEqual([true, true, true, true, true]);
    expect(script.mostRunning).toBe(1);
  });

  it('go 512 at a time', async () => {
    const script = new Script();
    const results = addAll(new Batches('tokens', script.send, 2000), numbers(0, 1100));
    for (let write = 0; write < 4; write += 1) await script.end();
    expect(script.batches.map(({ length }) => length)).toEqual([1, 512, 512, 76]);
    expect(script.batches.flat()).toEqual(numbers(0, 1100));
    expect((await Promise.all(results)).every(Boolean)).toBe(true);
  });

  it('are told of after their own commit, not before', async () => {
    const script = new Script();
    const settled: number[] = [];
    const batches = new Batches('tokens', script.send, 10);
    const results = [1, 2].map((key) => batches.add(key).then(() => settled.push(key)));
    await nextTurn();
    expect(settled).toEqual([]);
    await script.end();
    expect(settled).toEqual([1]);
    await script.end();
    await Promise.all(results);
    expect(settled).toEqual([1, 2]);
  });

  it('are told of one by one, each of its own result', async () => {
    const script = new Script();
    const results = addAll(new Batches('tokens', script.send, 10), [0, 1, 2, 3]);
    await script.end();
    await script.end([true, false, true]);
    expect(await Promise.all(results)).toEqual([true, true, false, true]);
  });
});

describe('a write that fails', () => {
  it('is told to those of its batch, and to them alone', async () => {
    const script = new Script();
    const batches = new Batches('tokens', script.send, 10);
    const results = Promise.allSettled(addAll(batches, [1, 2, 3]));
    await script.end();
    const later = batches.add(4);
    const failure = new Error('down');
    await script.end(failure);
    await script.end();
    expect(await results).toEqual([
      { status: 'fulfilled', value: true },
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
    ]);
    expect(await later).toBe(true);
  });

  it('before its promise is told as well, and does not stop the batches', async () => {
    let fails = true;
    const batches = new Batches(
      'tokens',
      (tokens: readonly number[]) => {
        if (fails) throw new Error('down');
        return Promise.resolve(tokens.map(() => true));
      },
      10,
    );
    await expect(batches.add(1)).rejects.toThrow('down');
    fails = false;
    expect(await batches.add(2)).toBe(true);
  });
});

describe('a queue that is full', () => {
  it('refuses one more at once, with a time to wait, and keeps those that wait', async () => {
    const script = new Script();
    const batches = new Batches('tokens', script.send, 3);
    const results = addAll(batches, [0, 1, 2, 3]);
    const refused: unknown = await batches.add(4).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DomainError);
    expect(refused).toMatchObject({
      code: 'temporarily_unavailable',
      context: { retryAfterSeconds: 1, reason: 'the queue of tokens is full' },
    });
    await script.end();
    await script.end();
    expect(await Promise.all(results)).toEqual([true, true, true, true]);
    expect(script.batches).toEqual([[0], [1, 2, 3]]);
  });

  it('takes more as soon as it has gone', async () => {
    const script = new Script();
    const batches = new Batches('tokens', script.send, 1);
    const results = addAll(batches, [1, 2]);
    await expect(batches.add(3)).rejects.toThrow('The server can not answer');
    await script.end();
    results.push(batches.add(4));
    await script.end();
    await script.end();
    expect(await Promise.all(results)).toEqual([true, true, true]);
    expect(script.batches).toEqual([[1], [2], [4]]);
  });
});
