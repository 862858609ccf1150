import type { NewAuditEvent } from '../../audit/domain/audit-event.js';
import type { TokenDigest } from '../../secrets/digests.js';
import type { LiveAccessToken, NewAccessToken } from './access-token.js';

/** Where access tokens are kept. All methods throw what the store throws when it is out of reach. */
export abstract class TokensRepository {
  /**
   * Stores a token, durably, if its client may still have it at that moment.
   *
   * @returns false where the client was switched off, deleted or lost a scope in between: nothing is
   *   stored then, or nothing that is still alive
   * @throws DomainError `temporarily_unavailable` where too many wait already
   */
  abstract insert(token: NewAccessToken): Promise<boolean>;

  /**
   * Finds a token that is alive: not expired or revoked, its client enabled, its epoch the
   * client's. The look-up is sent after this was called.
   *
   * @throws DomainError `temporarily_unavailable` where too many wait already
   */
  abstract findLive(digest: TokenDigest): Promise<LiveAccessToken | undefined>;

  /**
   * Revokes a token of a client, durably, and records it in the same transaction.
   *
   * @returns false where the client has no such token that is not revoked already
   */
  abstract revoke(digest: TokenDigest, clientKey: number, event: NewAuditEvent): Promise<boolean>;
}
