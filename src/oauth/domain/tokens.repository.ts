import type { TokenDigest } from '../../secrets/digests.js';
import type { LiveAccessToken, NewAccessToken } from './access-token.js';

/** Where access tokens are kept. */
export abstract class TokensRepository {
  /**
   * Stores a token, durably, if its client may still have it at that moment.
   *
   * @returns false where the client was switched off, deleted or lost a scope in between; nothing
   *   is stored then
   * @throws DomainError `temporarily_unavailable` where too many wait already; what the store
   *   throws when it is out of reach
   */
  abstract insert(token: NewAccessToken): Promise<boolean>;

  /**
   * Finds a token that is alive: not expired or revoked, its client enabled, its epoch the
   * client's.
   *
   * @throws what the store throws when it is out of reach
   */
  abstract findLive(digest: TokenDigest): Promise<LiveAccessToken | undefined>;
}
