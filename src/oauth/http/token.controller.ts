import { Controller, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { formatScope } from '../../protocol/scope.js';
import { TokenIssuer, type IssuedToken } from '../domain/token-issuer.js';
import { ClientAuthenticated } from './client-authenticated.decorator.js';
import { TokenRequestDto, TokenResponseDto } from './dto/token.dto.js';
import { GrantTypeGuard } from './grant-type.guard.js';
import { OAuthEndpoint } from './oauth-endpoint.decorator.js';
import { clientOf, findingsOf } from './oauth-request.js';

/** The token endpoint (RFC 6749 §3.2). */
@ApiTags('Get a token')
@Controller('o')
export class TokenController {
  constructor(private readonly issuer: TokenIssuer) {}

  /** Issues an access token to the client that authenticates (RFC 6749 §4.4). */
  @Post('token')
  @ClientAuthenticated(GrantTypeGuard)
  @OAuthEndpoint(TokenRequestDto, {
    400: 'The request is malformed, or asks for what this client may not have: see `error`.',
    429: 'Too many different wrong secrets, or the quota is used up: see `Retry-After`.',
    503: 'The token can not be stored at the moment: try again after `Retry-After`.',
  })
  @ApiOperation({
    operationId: 'issueToken',
    summary: 'Get an access token',
    description:
      'The grant `client_credentials`. Send client id and secret by HTTP Basic or in the body. Repeat it as you like, but keep a token until it expires.',
  })
  @ApiOkResponse({ type: TokenResponseDto, description: 'The token.' })
  issue(@Req() request: Request): Promise<TokenResponseDto> {
    const { form } = findingsOf(request);
    const asked = {
      scope: form.get('scope'),
      resources: [...form.getAll('resource'), ...form.getAll('audience')],
    };
    return this.issuer.issue(clientOf(request), asked).then(toResponse);
  }
}

function toResponse({ accessToken, expiresInSeconds, scopes }: IssuedToken): TokenResponseDto {
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: expiresInSeconds,
    scope: formatScope(scopes),
  };
}
