import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Counter } from 'prom-client';
import { SETTINGS } from '../../config/settings.module.js';
import type { Settings } from '../../config/settings.js';
import { isStoreUnavailable } from '../../errors/store-failure.js';
import { InvalidationFeed } from '../../invalidation/domain/invalidation-feed.js';
import type { Awaitable } from '../../resource-server/index.js';
import type { TokenDigest } from '../../secrets/digests.js';
import type { LiveAccessToken } from './access-token.js';
import { TokensRepository } from './tokens.repository.js';

const MOST_TOKENS = 50_000;
/** Of their scopes and audiences: a few tokens with much in them must not take the place of all. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

const LOOK_UPS = new Counter({
  name: 'postern_token_lookups_total',
  help: 'Access tokens that were checked, by where the answer came from',
  labelNames: ['from'],
});
const FROM_CACHE = LOOK_UPS.labels('cache');
const FROM_DATABASE = LOOK_UPS.labels('database');

interface Known {
  readonly token: LiveAccessToken;
  /** When it expires; by a clock that only goes forward. */
  readonly until: number;
}

/**
 * The live tokens that this node has looked up lately, kept true by the invalidation feed: what was
 * killed anywhere is refused here within a second. Only a live token is remembered, never a refusal.
 */
@Injectable()
export class LiveTokens {
  private readonly known = new LRUCache<string, Known>({
    max: MOST_TOKENS,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: ({ token: { claims } }) =>
      1 + charactersOf(claims.scopes) + charactersOf(claims.audience),
  });

  constructor(
    private readonly tokens: TokensRepository,
    private readonly feed: InvalidationFeed,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'staleVerdictsSeconds'>,
  ) {
    feed.subscribe((invalidations) => {
      if (invalidations === undefined) {
        this.known.clear();
        return;
      }
      for (const digest of invalidations.tokens) this.known.delete(digest);
      if (invalidations.clients.size === 0) return;
      for (const [digest, { token }] of this.known.entries()) {
        if (invalidations.clients.has(token.clientKey)) this.known.delete(digest);
      }
    });
  }

  /**
   * Finds a live token by its digest: at once where it is known, since then nothing has to be waited
   * for.
   *
   * @throws what the store throws when it is out of reach, unless the operator has allowed verdicts
   *   as old as this one is (`STALE_VERDICTS_S`)
   */
  find(digest: TokenDigest): Awaitable<LiveAccessToken | undefined> {
    const known = this.known.get(digest);
    const now = performance.now();
    if (known !== undefined && now < known.until && this.feed.isTrusted(now)) {
      FROM_CACHE.inc();
      return known.token;
    }
    FROM_DATABASE.inc();
    return this.lookUp(digest).catch((error: unknown) => {
      // Still there: it may have been killed while the look-up was waited for.
      if (known === undefined || this.known.peek(digest) !== known) throw error;
      if (!this.mayBeStale(known, error)) throw error;
      return known.token;
    });
  }

  private async lookUp(digest: TokenDigest): Promise<LiveAccessToken | undefined> {
    const { version } = this.feed;
    const askedAt = performance.now();
    const token = await this.tokens.findLive(digest);
    // An answer that crossed a kill the caches were told of already would never be dropped again.
    if (token === undefined || this.feed.version !== version) this.known.delete(digest);
    else this.known.set(digest, { token, until: askedAt + token.secondsLeft * 1000 });
    return token;
  }

  private mayBeStale({ until }: Known, error: unknown): boolean {
    return (
      isStoreUnavailable(error) &&
      performance.now() < until &&
      this.feed.ageMs() <= this.settings.staleVerdictsSeconds * 1000
    );
  }
}

function charactersOf(names: readonly string[]): number {
  return names.reduce((sum, { length }) => sum + length, 0);
}
