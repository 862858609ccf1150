import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Client } from '../../clients/domain/client.js';
import { DomainError } from '../../errors/domain-error.js';
import { TokenCounts, type TokenCount } from './token-counts.repository.js';

const HOUR_MS = 3_600_000;
const SYNC_MS = 1000;

interface Tally {
  readonly hour: number;
  /** What all nodes had issued by the last sync. */
  shared: number;
  /** What this node has issued since. */
  own: number;
}

/**
 * Holds a client to its quota of tokens an hour (RFC 6585 §4). Each node counts for itself and
 * adds its count to the others' every second, so a quota can be overrun by what the nodes issue in
 * one second, and no request waits for a count.
 */
@Injectable()
export class TokenQuota implements OnModuleDestroy {
  private readonly logger = new Logger('Quota');
  private readonly tallies = new Map<number, Tally>();
  private timer: NodeJS.Timeout | undefined;
  private syncing: Promise<void> | undefined;

  constructor(private readonly counts: TokenCounts) {}

  /**
   * Takes one token off a client's quota.
   *
   * @param now milliseconds since the epoch
   * @returns gives the token back, where none was issued for it
   * @throws DomainError `quota_exceeded` with the `RateLimit` fields where none is left
   */
  async take(client: Client, now = Date.now()): Promise<() => void> {
    if (client.tokenQuota === null) return () => undefined;
    const tally = await this.tally(client.key, Math.floor(now / HOUR_MS));
    if (tally.shared + tally.own >= client.tokenQuota) throw exceeded(client.tokenQuota, now);
    tally.own += 1;
    return () => {
      tally.own -= 1;
    };
  }

  /**
   * Adds to the shared counts what this node has issued since the last time; one sync at a time,
   * since the next one would send the same counts again.
   */
  async sync(): Promise<void> {
    this.syncing ??= this.share().finally(() => {
      this.syncing = undefined;
    });
    await this.syncing;
  }

  private async share(): Promise<void> {
    const known = [...this.tallies].map(([client, tally]) => ({ client, tally, sent: tally.own }));
    const totals = await this.counts.add(
      known.map(({ client, tally, sent }) => ({ client, hour: tally.hour, issued: sent })),
    );
    const thisHour = Math.floor(Date.now() / HOUR_MS);
    known.forEach(({ client, tally, sent }, index) => {
      tally.shared = totals[index] ?? tally.shared;
      tally.own -= sent;
      // The client may have begun the next hour while the counts were on their way.
      const over = tally.hour < thisHour && tally.own === 0;
      if (over && this.tallies.get(client) === tally) this.tallies.delete(client);
    });
    if (this.tallies.size === 0) this.stop();
  }

  /** The last counts of a node that ends go to the others. */
  async onModuleDestroy(): Promise<void> {
    this.stop();
    if (this.tallies.size > 0) await this.syncOrWarn();
  }

  private async tally(client: number, hour: number): Promise<Tally> {
    const known = this.tallies.get(client);
    if (known?.hour === hour) return known;
    const [shared = 0] = await this.counts.add([{ client, hour, issued: 0 } satisfies TokenCount]);
    // Another request may have asked meanwhile; its tally has counted already.
    const meanwhile = this.tallies.get(client);
    if (meanwhile?.hour === hour) return meanwhile;
    const tally = { hour, shared, own: 0 };
    this.tallies.set(client, tally);
    this.timer ??= setInterval(() => void this.syncOrWarn(), SYNC_MS).unref();
    return tally;
  }

  private async syncOrWarn(): Promise<void> {
    try {
      await this.sync();
    } catch (err) {
      this.logger.warn({ msg: 'token counts could not be shared; trying again', err });
    }
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/** The fields are those of draft-ietf-httpapi-ratelimit-headers. */
function exceeded(quota: number, now: number): DomainError {
  const seconds = Math.max(1, Math.ceil((HOUR_MS - (now % HOUR_MS)) / 1000));
  return new DomainError(
    'quota_exceeded',
    'The token quota of this client is used up for this hour. Keep a token until it expires instead of asking for a new one at every call.',
    {
      retryAfterSeconds: seconds,
      headers: {
        'RateLimit-Policy': `"tokens";q=${quota};w=3600`,
        RateLimit: `"tokens";r=0;t=${seconds}`,
      },
    },
  );
}
