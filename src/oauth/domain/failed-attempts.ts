import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { SecretDigest } from '../../secrets/digests.js';
import { callerGroup } from './network-address.js';

/** How many different wrong secrets are answered as such. */
const MOST_DIFFERENT = 10;
const WINDOW_MS = 5 * 60 * 1000;
/** Pairs of address and client id that are remembered: some 20 MB at the very most. */
const MOST_PAIRS = 20_000;

/** When each wrong secret was last tried, by the start of its digest. */
type Attempts = Map<string, number>;

/**
 * Counts the different wrong secrets that one caller tries at one client id, whether that client
 * exists or not. It locks nobody out: it is asked only after a secret was found wrong, and a
 * machine that repeats one stale secret never gets beyond one.
 *
 * Counted by each node for itself, in bounded memory: the least recently seen pair goes first.
 */
@Injectable()
export class FailedAttempts {
  private readonly pairs = new LRUCache<string, Attempts>({ max: MOST_PAIRS, ttl: WINDOW_MS });

  /**
   * Notes a wrong secret.
   *
   * @param now milliseconds of a clock that only goes forward
   * @returns undefined while the answer is to be 401; else the seconds after which one more
   *   different secret would be answered so
   */
  note(
    address: string,
    clientId: string,
    digest: SecretDigest,
    now = performance.now(),
  ): number | undefined {
    const pair = pairKey(callerGroup(address), clientId);
    const attempts = this.pairs.get(pair) ?? new Map<string, number>();
    this.pairs.set(pair, attempts);
    const secret = digest.toString('base64', 0, 9);
    forgetOld(attempts, now);
    if (attempts.has(secret)) {
      attempts.set(secret, now);
      return undefined;
    }
    if (attempts.size >= MOST_DIFFERENT) {
      return (Math.min(...attempts.values()) + WINDOW_MS - now) / 1000;
    }
    attempts.set(secret, now);
    return undefined;
  }
}

/** A digest, since a piece of the id would keep the whole body alive that it was cut from. */
function pairKey(group: string, clientId: string): string {
  return createHash('sha256').update(`${group} ${clientId}`).digest('base64');
}

function forgetOld(attempts: Attempts, now: number): void {
  for (const [secret, at] of attempts) {
    if (now - at >= WINDOW_MS) attempts.delete(secret);
  }
}
