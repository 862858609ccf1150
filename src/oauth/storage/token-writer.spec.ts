import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { DomainError } from '../../errors/domain-error.js';
import { tokenDigest } from '../../secrets/digests.js';
import type { NewAccessToken } from '../domain/access-token.js';
import { TokenWriter } from './token-writer.js';

function aToken(clientKey: number): NewAccessToken {
  const digest = tokenDigest(String(clientKey));
  return { digest, clientKey, secretKey: 1, scopes: ['read'], audience: null, ttlSeconds: 60 };
}

/** A writer whose writes a test finishes by hand. */
class Script {
  readonly batches: number[][] = [];
  private readonly finish: ((outcome: boolean[] | Error) => void)[] = [];
  running = 0;
  mostRunning = 0;

  readonly write = (tokens: readonly NewAccessToken[]): Promise<boolean[]> => {
    this.batches.push(tokens.map(({ clientKey }) => clientKey));
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

  /** Ends the write that runs; by default with all stored. */
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

function insertAll(writer: TokenWriter, keys: readonly number[]): Promise<boolean>[] {
  return keys.map((key) => writer.insert(aToken(key)));
}

describe('tokens to be written', () => {
  it('go at once where no write runs', async () => {
    const script = new Script();
    const stored = new TokenWriter(script.write, 10).insert(aToken(1));
    expect(script.batches).toEqual([[1]]);
    await script.end();
    expect(await stored).toBe(true);
  });

  it('gather while one runs, and go together as the next, in the order in which they came', async () => {
    const script = new Script();
    const writer = new TokenWriter(script.write, 10);
    const stored = insertAll(writer, [1, 2, 3, 4]);
    expect(script.batches).toEqual([[1]]);
    await script.end();
    expect(script.batches).toEqual([[1], [2, 3, 4]]);
    stored.push(...insertAll(writer, [5]));
    await script.end();
    await script.end();
    expect(script.batches).toEqual([[1], [2, 3, 4], [5]]);
    expect(await Promise.all(stored)).toEqual([true, true, true, true, true]);
    expect(script.mostRunning).toBe(1);
  });

  it('go 512 at a time', async () => {
    const script = new Script();
    const stored = insertAll(new TokenWriter(script.write, 2000), numbers(0, 1100));
    for (let write = 0; write < 4; write += 1) await script.end();
    expect(script.batches.map(({ length }) => length)).toEqual([1, 512, 512, 76]);
    expect(script.batches.flat()).toEqual(numbers(0, 1100));
    expect((await Promise.all(stored)).every(Boolean)).toBe(true);
  });

  it('are told of after their own commit, not before', async () => {
    const script = new Script();
    const settled: number[] = [];
    const writer = new TokenWriter(script.write, 10);
    const stored = [1, 2].map((key) => writer.insert(aToken(key)).then(() => settled.push(key)));
    await nextTurn();
    expect(settled).toEqual([]);
    await script.end();
    expect(settled).toEqual([1]);
    await script.end();
    await Promise.all(stored);
    expect(settled).toEqual([1, 2]);
  });

  it('are told of one by one where the write stored some of them alone', async () => {
    const script = new Script();
    const stored = insertAll(new TokenWriter(script.write, 10), [0, 1, 2, 3]);
    await script.end();
    await script.end([true, false]);
    // What the write says nothing of was not stored.
    expect(await Promise.all(stored)).toEqual([true, true, false, false]);
  });
});

describe('a write that fails', () => {
  it('is told to those of its batch, and to them alone', async () => {
    const script = new Script();
    const writer = new TokenWriter(script.write, 10);
    const stored = Promise.allSettled(insertAll(writer, [1, 2, 3]));
    await script.end();
    const later = writer.insert(aToken(4));
    const failure = new Error('down');
    await script.end(failure);
    await script.end();
    expect(await stored).toEqual([
      { status: 'fulfilled', value: true },
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
    ]);
    expect(await later).toBe(true);
  });

  it('before its promise is told as well, and does not stop the writer', async () => {
    let fails = true;
    const writer = new TokenWriter((tokens) => {
      if (fails) throw new Error('down');
      return Promise.resolve(tokens.map(() => true));
    }, 10);
    await expect(writer.insert(aToken(1))).rejects.toThrow('down');
    fails = false;
    expect(await writer.insert(aToken(2))).toBe(true);
  });
});

describe('a queue that is full', () => {
  it('refuses one more at once, with a time to wait, and keeps those that wait', async () => {
    const script = new Script();
    const writer = new TokenWriter(script.write, 3);
    const stored = insertAll(writer, [0, 1, 2, 3]);
    const refused: unknown = await writer.insert(aToken(4)).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DomainError);
    expect(refused).toMatchObject({
      code: 'temporarily_unavailable',
      context: { retryAfterSeconds: 1, reason: 'the queue of tokens is full' },
    });
    await script.end();
    await script.end();
    expect(await Promise.all(stored)).toEqual([true, true, true, true]);
    expect(script.batches).toEqual([[0], [1, 2, 3]]);
  });

  it('takes more as soon as it has gone', async () => {
    const script = new Script();
    const writer = new TokenWriter(script.write, 1);
    const stored = insertAll(writer, [1, 2]);
    await expect(writer.insert(aToken(3))).rejects.toThrow('The server can not answer');
    await script.end();
    stored.push(writer.insert(aToken(4)));
    await script.end();
    await script.end();
    expect(await Promise.all(stored)).toEqual([true, true, true]);
    expect(script.batches).toEqual([[1], [2], [4]]);
  });
});
