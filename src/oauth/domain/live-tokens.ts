import { Inject, Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { SETTINGS } from '../../config/settings.module.js';
import type { Settings } from '../../config/settings.js';
import { isStoreUnavailable } from '../../errors/store-failure.js';
import { InvalidationFeed } from '../../invalidation/domain/invalidation-feed.js';
import { TrustedCache } from '../../invalidation/domain/trusted-cache.js';
import type { Awaitable } from '../../resource-server/index.js';
import type { TokenDigest } from '../../secrets/digests.js';
import { hasOpaqueLength, type LiveAccessToken } from './access-token.js';
import { TokensRepository } from './tokens.repository.js';

const MOST_TOKENS = 50_000;

/** Counted here and told when somebody asks: at each check the telling would show. */
const untold = { cache: 0, database: 0 };

const LOOK_UPS = new Counter({
  name: 'postern_token_lookups_total',
  help: 'Access tokens that were checked, by where the answer came from',
  labelNames: ['from'],
  collect: tell,
});

function tell(): void {
  for (const from of ['cache', 'database'] as const) {
    LOOK_UPS.inc({ from }, untold[from]);
    untold[from] = 0;
  }
}

/**
 * The live tokens that this node has looked up lately, kept true by the invalidation feed: what was
 * killed anywhere is refused here within a second. Only a live token is remembered, never a refusal.
 */
@Injectable()
export class LiveTokens {
  private readonly known: TrustedCache<LiveAccessToken>;

  constructor(
    private readonly tokens: TokensRepository,
    private readonly feed: InvalidationFeed,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'staleVerdictsSeconds'>,
  ) {
    this.known = new TrustedCache(feed, {
      most: MOST_TOKENS,
      charactersOf: ({ claims }) => charactersOf(claims.scopes) + charactersOf(claims.audience),
      clientOf: ({ clientKey }) => clientKey,
      secondsLeftOf: ({ secondsLeft }) => secondsLeft,
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
    const known = this.known.find(digest);
    if (known !== undefined) {
      untold.cache += 1;
      return known;
    }
    untold.database += 1;
    const stale = this.known.findStale(digest);
    return this.known
      .lookUp(digest, () => this.tokens.findLive(digest))
      .catch((error: unknown) => {
        // Still there: it may have been killed while the look-up was waited for.
        if (stale === undefined || this.known.findStale(digest) !== stale) throw error;
        if (!this.mayBeStale(error)) throw error;
        return stale;
      });
  }

  /**
   * Finds one by the opaque token itself: its digest would cost more than the rest of a check. Such
   * tokens are kept for a second at most, about as long as memory has what a request brought anyway;
   * maps seed their hash, so that no time tells how much of a token was right.
   *
   * Of a JWT the digest is the cheaper one, and it says itself when it expires.
   */
  findPresented(token: string): LiveAccessToken | undefined {
    if (!hasOpaqueLength(token)) return undefined;
    const known = this.known.findByShortcut(token);
    if (known !== undefined) untold.cache += 1;
    return known;
  }

  /** Lets a token that was found by its digest be found by itself for a moment. */
  rememberPresented(token: string, { digest }: LiveAccessToken): void {
    if (hasOpaqueLength(token)) this.known.addShortcut(token, digest);
  }

  private mayBeStale(error: unknown): boolean {
    return (
      isStoreUnavailable(error) && this.feed.ageMs() <= this.settings.staleVerdictsSeconds * 1000
    );
  }
}

function charactersOf(names: readonly string[]): number {
  return names.reduce((sum, { length }) => sum + length, 0);
}
