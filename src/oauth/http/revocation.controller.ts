import { Controller, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { TokenRevoker } from '../domain/token-revoker.js';
import { ClientAuthenticated } from './client-authenticated.decorator.js';
import { RevocationRequestDto } from './dto/revocation.dto.js';
import { OAuthEndpoint } from './oauth-endpoint.decorator.js';
import { callerOf, clientOf, findingsOf } from './oauth-request.js';
import { presentedToken } from './presented-token.js';

/** The revocation endpoint (RFC 7009 §2). */
@ApiTags('Get a token')
@Controller('o')
export class RevocationController {
  constructor(private readonly revoker: TokenRevoker) {}

  /**
   * Revokes an access token of the client that authenticates. The answer has a body because JSON
   * clients throw on an empty one.
   */
  @Post('revoke_token')
  @ClientAuthenticated()
  @OAuthEndpoint(RevocationRequestDto, {
    400: 'The request is malformed, or the token is a live one of another client: see `error`.',
    429: 'Too many different wrong secrets: see `Retry-After`.',
    503: 'The token could not be revoked: it may still be good. Try again after `Retry-After`.',
  })
  @ApiOperation({
    operationId: 'revokeToken',
    summary: 'Revoke an access token',
    description:
      'For a token that leaked or is needed no more (RFC 7009). It is refused everywhere within a second. A token that was of no use already gets the same answer.',
  })
  @ApiOkResponse({
    description: 'The token is of no use now.',
    schema: { type: 'object', example: {} },
  })
  async revoke(@Req() request: Request): Promise<object> {
    const token = presentedToken(findingsOf(request).form);
    await this.revoker.revoke(token, clientOf(request), callerOf(request));
    return {};
  }
}
