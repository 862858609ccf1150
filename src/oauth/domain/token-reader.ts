import { Injectable } from '@nestjs/common';
import { tokenDigest, type TokenDigest } from '../../secrets/digests.js';
import { isOpaqueToken } from './access-token.js';

/** A token as it was presented, once it is found to be of this server's making. */
export interface ReadToken {
  /** Under which it is stored. */
  readonly digest: TokenDigest;
  /** Its name, which gives nobody access (`jti`, RFC 7662 §2.2). */
  readonly jti: string;
}

/** Turns what a caller presents as a token into what it is stored under. */
@Injectable()
export class TokenReader {
  /** @returns undefined for what can't be a token of this server, so that it need not be looked up */
  read(token: string): Promise<ReadToken | undefined> {
    if (!isOpaqueToken(token)) return Promise.resolve(undefined);
    const digest = tokenDigest(token);
    return Promise.resolve({ digest, jti: digest.toString('base64url') });
  }
}
