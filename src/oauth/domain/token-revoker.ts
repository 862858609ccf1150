import { Injectable } from '@nestjs/common';
import { DomainError } from '../../errors/domain-error.js';
import { InvalidationFeed } from '../../invalidation/domain/invalidation-feed.js';
import type { AuthenticatedClient, Caller } from './client-authenticator.js';
import { nameOf, TokenReader } from './token-reader.js';
import { TokensRepository } from './tokens.repository.js';

/** Revokes access tokens at the wish of the clients that hold them (RFC 7009). */
@Injectable()
export class TokenRevoker {
  constructor(
    private readonly reader: TokenReader,
    private readonly tokens: TokensRepository,
    private readonly feed: InvalidationFeed,
  ) {}

  /**
   * Revokes a token; it is of no use, durably, when this returns: on this node at once, on every
   * other one within a second. One that was of no use before is left as it was (RFC 7009 §2.2).
   *
   * @throws DomainError `unauthorized_client` for a live token of another client; what the store
   *   throws when it is out of reach
   */
  async revoke(token: string, { client }: AuthenticatedClient, caller: Caller): Promise<void> {
    const read = await this.reader.read(token);
    if (read === undefined) return;
    const revoked = await this.tokens.revoke(read.digest, client.key, {
      action: 'tokens.revoked',
      actor: { name: client.clientId, ...caller },
      clientId: client.clientId,
      outcome: 'success',
      reason: `the token with the jti ${nameOf(read)}, at its client's wish`,
      changes: null,
    });
    if (revoked) await this.feed.readNow();
    else if ((await this.tokens.findLive(read.digest)) !== undefined) throw ofAnotherClient();
  }
}

function ofAnotherClient(): DomainError {
  return new DomainError(
    'unauthorized_client',
    'This token was issued to another client, and stays valid. A client can revoke its own tokens alone.',
  );
}
