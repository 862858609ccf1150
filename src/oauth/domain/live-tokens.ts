import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Counter } from 'prom-client';
import { SETTINGS } from '../../config/settings.module.js';
import type { Settings } from '../../config/settings.js';
import { isStoreUnavailable } from '../../errors/store-failure.js';
import { InvalidationFeed } from '../../invalidation/domain/invalidation-feed.js';
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
    sizeCalculation: ({ token }) => 1 + charactersOf(token.scopes) + charactersOf(token.audience),
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
      for (const token of invalidations.tokens) this.known.delete(token);
      if (invalidations.clients.size === 0) return;
      for (const [key, { token }] of this.known.entries()) {
        if (invalidations.clients.has(token.clientKey)) this.known.delete(key);
      }
    });
  }

  /**
   * Finds a live token by its digest.
   *
   * @throws what the store throws when it is out of reach, unless the operator has allowed verdicts
   *   as old as this one is (`STALE_VERDICTS_S`)
   */
  async find(digest: TokenDigest): Promise<LiveAccessToken | undefined> {
    const key = digest.toString('base64');
    const known = this.known.get(key);
    if (known !== undefined && performance.now() < known.until && this.feed.isTrusted()) {
      FROM_CACHE.inc();
      return known.token;
    }
    FROM_DATABASE.inc();
    try {
      return await this.lookUp(key, digest);
    } catch (error) {
      if (known === undefined || !this.mayBeStale(known, error)) throw error;
      return known.token;
    }
  }

  private async lookUp(key: string, digest: TokenDigest): Promise<LiveAccessToken | undefined> {
    const { version } = this.feed;
    const askedAt = performance.now();
    const token = await this.tokens.findLive(digest);
    // An answer that crossed a kill the caches were told of already would never be dropped again.
    if (token === undefined || this.feed.version !== version) this.known.delete(key);
    else this.known.set(key, { token, until: askedAt + token.secondsLeft * 1000 });
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

function charactersOf(names: readonly string[] | null): number {
  return names?.reduce((sum, { length }) => sum + length, 0) ?? 0;
}
