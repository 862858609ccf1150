import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { JWK } from 'jose';
import { Cacheable } from '../../http/cacheable.decorator.js';
import { JWKS_PATH } from '../../protocol/well-known.js';
import { Public } from '../../resource-server/index.js';
import { KeyRing } from '../domain/key-ring.js';
import { JWKS_MAX_AGE_SECONDS } from '../domain/signing-key.js';
import { JwksDto, type JwkDto } from './dto/jwks.dto.js';

/** The keys with which other services check JWT access tokens by themselves. */
@ApiTags('Discover')
@Public()
@Controller()
export class JwksController {
  constructor(private readonly keys: KeyRing) {}

  /** Gives the public keys (RFC 7517 §5, RFC 8414 §2 `jwks_uri`). */
  @Get(JWKS_PATH)
  @Cacheable(JWKS_MAX_AGE_SECONDS)
  @ApiOperation({
    operationId: 'getJwks',
    summary: 'Read the keys that sign access tokens',
    description:
      'For services that check JWT access tokens by themselves. Read it again where a token names a key that is not here.',
  })
  @ApiOkResponse({ type: JwksDto, description: 'The public keys (RFC 7517).' })
  async jwks(): Promise<JwksDto> {
    return { keys: (await this.keys.published()).map(toDto) };
  }
}

function toDto({ kty, kid, use, alg, crv, x, y, n, e }: JWK): JwkDto {
  return { kty, kid, use, alg, crv, x, y, n, e } as JwkDto;
}
