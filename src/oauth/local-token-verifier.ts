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
    const known = this.tokens.findPresented(token);
    if (known !== undefined) return known.claims;
    const read = this.reader.read(token);
    return read instanceof Promise
      ? read.then((later) => this.claimsOf(token, later))
      : this.claimsOf(token, read);
  }

  private claimsOf(
    token: string,
    read: ReadToken | undefined,
  ): Awaitable<VerifiedToken | undefined> {
    const live = read && this.tokens.find(read.digest);
    if (live instanceof Promise) return live.then((later) => later?.claims);
    if (live !== undefined) this.tokens.rememberPresented(token, live);
    return live?.claims;
  }
}
