import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { endProcess } from './child-process.js';

/** A load, for a time. */
export interface Order {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** All of it, as it goes over the wire. */
  readonly request: string;
  /** Requests a second, by the clock; left out: each connection sends when it is answered. */
  readonly rate?: number;
}

/** How long answers took, in ms. */
export interface Times {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What came of it. */
export interface Slice {
  readonly seconds: number;
  /** By the clock; those for which no connection was free were not sent. */
  readonly due: number;
  readonly sent: number;
  /** 200. */
  readonly accepted: number;
  /** 503. */
  readonly refused: number;
  readonly refusedWithoutRetryAfter: number;
  /** How many of each other status. */
  readonly others: Readonly<Record<string, number>>;
  /** Connections whose last answer never came. */
  readonly unanswered: number;
  /** Why connections broke. */
  readonly failures: readonly string[];
  readonly acceptedMs: Times;
  readonly refusedMs: Times;
  /** Of the generator itself. */
  readonly cpuSeconds: number;
}

/** Sends requests out of a process of its own, so that a test's own work does not slow them. */
export class Generator {
  private readonly process: ChildProcess = fork(join(import.meta.dirname, 'load-process.mjs'), {
    execArgv: [],
  });

  /** @throws an Error where the slice could not be run */
  async run(order: Order): Promise<Slice> {
    const told = once(this.process, 'message') as Promise<[{ result?: Slice; error?: string }]>;
    this.process.send(order);
    const [{ result, error }] = await told;
    if (result === undefined) throw new Error(error);
    return result;
  }

  async end(): Promise<void> {
    await endProcess(this.process);
  }
}
