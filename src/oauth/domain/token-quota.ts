import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Gauge } from 'prom-client';
import type { Client } from '../../clients/domain/client.js';
import { DomainError } from '../../errors/domain-error.js';
import type { Awaitable } from '../../resource-server/index.js';
import { TokenCounts, type TokenCount } from './token-counts.repository.js';

const HOUR_MS = 3_600_000;
const SYNC_MS = 1000;

/**
 * More tokens in an hour than clients that keep them ask for: whoever is above this likely asks for
 * a new one at every call.
 */
const CHURN_AN_HOUR = 60;

const CHURNING_CLIENTS = new Gauge({
  name: 'postern_churning_clients',
  help: `Clients that were issued more than ${CHURN_AN_HOUR} tokens in this hour, as this node knows: they likely ask for a new one at every call`,
  aggregator: 'max',
});

interface Tally {
  readonly hour: number;
  /** Whether there is a quota to hold, so that the other nodes' counts matter here. */
  readonly limited: boolean;
  /** What all nodes had issued by the last sync. */
  shared: number;
  /** What this node has issued since. */
  own: number;
}

/**
 * Counts the tokens issued to each client in the hour, and holds a client to its quota
 * (RFC 6585 §4). Each node counts for itself and adds its count to the others' every second, so a
 * quota can be overrun by what the nodes issue in one second, and no request waits for a count.
 */
@Injectable()
export class TokenQuota implements OnModuleDestroy {
  private readonly logger = new Logger('Quota');
  private readonly tallies = new Map<number, Tally>();
  private timer: NodeJS.Timeout | undefined;
  private syncing: Promise<void> | undefined;

  /** The first request must not lend its id to every later line of the log. */
  private readonly outsideRequests = AsyncLocalStorage.snapshot();

  constructor(private readonly counts: TokenCounts) {}

  /**
   * Takes one token off a client's quota.
   *
   * @param now milliseconds since the epoch
   * @returns gives the token back, where none was issued for it
   * @throws DomainError `quota_exceeded` with the `RateLimit` fields where none is left
   */
  take(client: Client, now = Date.now()): Awaitable<() => void> {
    const hour = Math.floor(now / HOUR_MS);
    const quota = client.tokenQuota;
    return quota === null
      ? takenFrom(this.free(client.key, hour))
      : this.limited(client.key, hour).then((tally) => {
          if (tally.shared + tally.own >= quota) throw exceeded(quota, now);
          return takenFrom(tally);
        });
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
    const known = [...this.tallies]
      .map(([client, tally]) => ({ client, tally, sent: tally.own }))
      .filter(({ tally, sent }) => tally.limited || sent !== 0);
    if (known.length > 0) {
      const totals = await this.counts.add(
        known.map(({ client, tally, sent }) => ({ client, hour: tally.hour, issued: sent })),
      );
      known.forEach(({ tally, sent }, index) => {
        tally.shared = totals[index] ?? tally.shared;
        tally.own -= sent;
      });
    }
    this.forgetEarlierHours();
    CHURNING_CLIENTS.set(this.churning());
  }

  private forgetEarlierHours(): void {
    const thisHour = Math.floor(Date.now() / HOUR_MS);
    for (const [client, tally] of this.tallies) {
      if (tally.hour < thisHour && tally.own === 0) this.tallies.delete(client);
    }
    if (this.tallies.size === 0) this.stop();
  }

  private churning(): number {
    return [...this.tallies.values()].filter(({ shared }) => shared > CHURN_AN_HOUR).length;
  }

  /** The last counts of a node that ends go to the others. */
  async onModuleDestroy(): Promise<void> {
    this.stop();
    if (this.tallies.size > 0) await this.syncOrWarn();
  }

  /** The tally of a client without a quota: it starts at nought, whatever others have issued. */
  private free(client: number, hour: number): Tally {
    const known = this.tallies.get(client);
    if (known?.hour === hour) return known;
    return this.begin(client, { hour, limited: false, shared: 0, own: 0 });
  }

  /** The tally of a client with a quota: it starts at what all nodes have issued. */
  private async limited(client: number, hour: number): Promise<Tally> {
    const known = this.tallies.get(client);
    if (known?.hour === hour && known.limited) return known;
    const [shared = 0] = await this.counts.add([{ client, hour, issued: 0 } satisfies TokenCount]);
    // Another request may have asked meanwhile; its tally has counted already.
    const meanwhile = this.tallies.get(client);
    if (meanwhile?.hour === hour && meanwhile.limited) return meanwhile;
    const own = meanwhile?.hour === hour ? meanwhile.own : 0;
    return this.begin(client, { hour, limited: true, shared, own });
  }

  private begin(client: number, tally: Tally): Tally {
    this.tallies.set(client, tally);
    this.timer ??= this.outsideRequests(() =>
      setInterval(() => void this.syncOrWarn(), SYNC_MS).unref(),
    );
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

/** Counts a token, and gives what takes that back. */
function takenFrom(tally: Tally): () => void {
  tally.own += 1;
  return () => {
    tally.own -= 1;
  };
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
