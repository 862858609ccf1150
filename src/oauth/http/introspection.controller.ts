import { Controller, Inject, Post, Req, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import type { Client } from '../../clients/domain/client.js';
import { SETTINGS } from '../../config/settings.module.js';
import type { Settings } from '../../config/settings.js';
import { numericDate } from '../../protocol/numeric-date.js';
import { formatScope } from '../../protocol/scope.js';
import { access } from '../../resource-server/index.js';
import { TokenIntrospector, type IntrospectedToken } from '../domain/token-introspector.js';
import { IntrospectionRequestDto, IntrospectionResponseDto } from './dto/introspection.dto.js';
import { IntrospectionGuard } from './introspection.guard.js';
import { OAuthEndpoint } from './oauth-endpoint.decorator.js';
import { OAuthFormGuard } from './oauth-form.guard.js';
import { findingsOf } from './oauth-request.js';
import { presentedToken } from './presented-token.js';

const INACTIVE: IntrospectionResponseDto = { active: false };

/** The introspection endpoint (RFC 7662 §2). */
@ApiTags('Get a token')
@Controller('o')
export class IntrospectionController {
  constructor(
    private readonly introspector: TokenIntrospector,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Tells whether a token is good, and what it may do, to whoever may know of it. */
  @Post('introspect')
  @access({ kind: 'client' })
  @UseGuards(OAuthFormGuard, IntrospectionGuard)
  @OAuthEndpoint(IntrospectionRequestDto, {
    400: 'The request is malformed: see `error`.',
    401: 'The client could not be authenticated, or the bearer token is not valid.',
    403: 'The bearer token lacks the scope introspection.',
    429: 'Too many different wrong secrets: see `Retry-After`.',
    503: 'The token can not be judged at the moment: try again after `Retry-After`.',
  })
  @ApiOperation({
    operationId: 'introspectToken',
    summary: 'Ask whether an access token is good',
    description:
      'For the API that a token is sent to (RFC 7662). A client may ask about its own tokens; one with the scope `introspection`, or a bearer token with it, about any. All else, and every token that is not active, is answered `{"active": false}`.',
  })
  @ApiOkResponse({ type: IntrospectionResponseDto, description: 'What is known of the token.' })
  async introspect(@Req() request: Request): Promise<IntrospectionResponseDto> {
    const asked = presentedToken(findingsOf(request).form);
    const caller = await introspecting(request);
    const token = await this.introspector.introspect(asked);
    return token !== undefined && mayKnowOf(caller, token) ? this.toResponse(token) : INACTIVE;
  }

  private toResponse({ claims, jti }: IntrospectedToken): IntrospectionResponseDto {
    const [only, ...others] = claims.audience;
    return {
      active: true,
      scope: formatScope(claims.scopes),
      client_id: claims.clientId,
      token_type: 'Bearer',
      exp: numericDate(claims.expiresAt),
      iat: numericDate(claims.issuedAt),
      sub: claims.clientId,
      iss: this.settings.publicUrl,
      aud: others.length === 0 ? only : claims.audience,
      jti,
    };
  }
}

/**
 * The client that asks; undefined where a bearer token has shown the scope already. One that may not
 * ask about any token is read anew: before the look-up, so that the time tells nothing of the token.
 */
async function introspecting(request: Request): Promise<Client | undefined> {
  const { client: caller } = findingsOf(request);
  if (caller === undefined || mayKnowOfAll(caller.client)) return caller?.client;
  return (await caller.again?.())?.client ?? caller.client;
}

function mayKnowOf(caller: Client | undefined, { clientKey }: IntrospectedToken): boolean {
  return caller === undefined || caller.key === clientKey || mayKnowOfAll(caller);
}

function mayKnowOfAll({ scopes }: Client): boolean {
  return scopes.includes('introspection');
}
