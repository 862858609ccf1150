import { Injectable } from '@nestjs/common';
import type { LiveAccessToken } from './access-token.js';
import { nameOf, TokenReader } from './token-reader.js';
import { TokensRepository } from './tokens.repository.js';

/** What is told of an active token (RFC 7662 §2.2). */
export interface IntrospectedToken extends LiveAccessToken {
  readonly jti: string;
}

/**
 * Looks tokens up for whoever may know of them (RFC 7662). Always in the store: the answer is kept
 * by those who ask, and their time must not begin with what this node remembered.
 */
@Injectable()
export class TokenIntrospector {
  constructor(
    private readonly reader: TokenReader,
    private readonly tokens: TokensRepository,
  ) {}

  /**
   * @returns undefined for a token that is of no use, for whatever cause
   * @throws what the store throws when it is out of reach
   */
  async introspect(token: string): Promise<IntrospectedToken | undefined> {
    const read = await this.reader.read(token);
    const live = read && (await this.tokens.findLive(read.digest));
    return live && { ...live, jti: nameOf(read) };
  }
}
