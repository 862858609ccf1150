import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../config/settings.module.js';
import type { Settings } from '../config/settings.js';
import { TokenVerifier, type VerifiedToken } from '../resource-server/index.js';
import { LiveTokens } from './domain/live-tokens.js';
import { TokenReader } from './domain/token-reader.js';

/**
 * Judges tokens where they are issued, in the same process: the only bridge between the
 * authorization server and the resource server.
 */
@Injectable()
export class LocalTokenVerifier extends TokenVerifier {
  constructor(
    private readonly reader: TokenReader,
    private readonly tokens: LiveTokens,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    super();
  }

  override async verify(token: string): Promise<VerifiedToken | undefined> {
    const read = await this.reader.read(token);
    const live = read && (await this.tokens.find(read.digest));
    return live && { ...live, audience: live.audience ?? [this.settings.defaultAudience] };
  }
}
