import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../config/settings.module.js';
import type { Settings } from '../config/settings.js';
import { TokenVerifier, type VerifiedToken } from '../resource-server/index.js';
import { tokenDigest } from '../secrets/digests.js';
import { isOpaqueToken } from './domain/access-token.js';
import { TokensRepository } from './domain/tokens.repository.js';

/**
 * Judges tokens where they are issued, in the same process: the only bridge between the
 * authorization server and the resource server.
 */
@Injectable()
export class LocalTokenVerifier extends TokenVerifier {
  constructor(
    private readonly tokens: TokensRepository,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    super();
  }

  override async verify(token: string): Promise<VerifiedToken | undefined> {
    if (!isOpaqueToken(token)) return undefined;
    const live = await this.tokens.findLive(tokenDigest(token));
    return live && { ...live, audience: live.audience ?? [this.settings.defaultAudience] };
  }
}
