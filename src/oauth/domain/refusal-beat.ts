import { Worker } from 'node:worker_threads';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { DomainError } from '../../errors/domain-error.js';
import { isPending, type Awaitable } from '../../resource-server/token-verifier.js';

/** Far above what finding a refusal's cause takes, and nothing to a caller who has to mend something. */
const BEAT_MS = 5;

/** What tells of a client. Not the store's own failures, which go out at once. */
const REFUSALS: ReadonlySet<string> = new Set(['invalid_client', 'too_many_attempts']);

/**
 * Sleeps until each moment that it is told, and says so. It is a thread because a timer of the event
 * loop counts in whole milliseconds from the loop's last turn: what the work took would show behind
 * the point.
 */
const SLEEPER = `
  const { parentPort } = require('node:worker_threads');
  const cell = new Int32Array(new SharedArrayBuffer(4));
  parentPort.on('message', (dueMs) => {
    const leftMs = dueMs - Number(process.hrtime.bigint()) / 1e6;
    if (leftMs > 0) Atomics.wait(cell, 0, 0, leftMs);
    parentPort.postMessage(undefined);
  });`;

/**
 * Lets refusals out on a beat that began when the caller came. The work behind them is never quite
 * the same: no client is found sooner than one with many addresses, and enough measurements would
 * tell them apart. What waits costs nothing; what is let in does not wait.
 */
@Injectable()
export class RefusalBeat implements OnModuleDestroy {
  private sleeper: Worker | undefined;
  /** In the order in which the sleeper was told. */
  private readonly waiting: (() => void)[] = [];
  private ended = false;

  /**
   * Runs what authenticates a caller; where that refuses, it does so at the next beat. Who is let in
   * at once is so here too.
   *
   * @throws what the task throws
   */
  of<Result>(task: () => Awaitable<Result>): Awaitable<Result> {
    const began = nowMs();
    const result = task();
    return isPending(result) ? result.catch((error) => this.refuse(error, began)) : result;
  }

  async onModuleDestroy(): Promise<void> {
    this.ended = true;
    await this.sleeper?.terminate();
  }

  private async refuse(error: unknown, began: number): Promise<never> {
    if (error instanceof DomainError && REFUSALS.has(error.code)) await this.nextSince(began);
    throw error;
  }

  private nextSince(beganMs: number): Promise<void> {
    if (this.ended) return Promise.resolve();
    const beats = Math.ceil((nowMs() - beganMs) / BEAT_MS);
    this.sleeper ??= this.start();
    this.sleeper.postMessage(beganMs + beats * BEAT_MS);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private start(): Worker {
    const sleeper = new Worker(SLEEPER, { eval: true });
    sleeper.unref();
    sleeper.on('message', () => this.waiting.shift()?.());
    // Whatever ended it: nobody is to wait for it.
    sleeper.on('exit', () => {
      this.sleeper = undefined;
      for (const goOn of this.waiting.splice(0)) goOn();
    });
    return sleeper;
  }
}

/** By a clock that all threads share. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
