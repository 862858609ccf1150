import { Injectable } from '@nestjs/common';
import { TokenVerifier, type Awaitable, type VerifiedToken } from '../resource-server/index.js';
import { LiveTokens } from './domain/live-tokens.js';
import { TokenReader, type ReadToken } from './domain/token-reader.js';

/**
 * Judges tokens where they are issued, in the same process: the only bridge between the
 * authorization server and the resource server.
 */
@Injectable()
export class LocalTokenVerifier extends TokenVerifier {
  constructor(
    private readonly reader: TokenReader,
    private readonly tokens: LiveTokens,
  ) {
    super();
  }

  override verify(token: string): Awaitable<VerifiedToken | undefined> {
    const read = this.reader.read(token);
    return read instanceof Promise
      ? read.then((later) => this.claimsOf(later))
      : this.claimsOf(read);
  }

  private claimsOf(read: ReadToken | undefined): Awaitable<VerifiedToken | undefined> {
    const live = read && this.tokens.find(read.digest);
    return live instanceof Promise ? live.then((later) => later?.claims) : live?.claims;
  }
}
