import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { SETTINGS } from '../../config/settings.module.js';
import type { Settings } from '../../config/settings.js';
import { DomainError } from '../../errors/domain-error.js';
import { Cacheable } from '../../http/cacheable.decorator.js';
import {
  JWKS_PATH,
  resourceMetadataUrl,
  WELL_KNOWN,
  wellKnownUrl,
} from '../../protocol/well-known.js';
import { Public } from '../../resource-server/index.js';
import { ScopeCatalogue } from '../../scopes/domain/scope-catalogue.js';
import { CLIENT_AUTH_METHODS } from './client-credentials.guard.js';
import { INTROSPECTION_AUTH_METHODS } from './introspection.guard.js';
import {
  AuthorizationServerMetadataDto,
  ProtectedResourceMetadataDto,
} from './dto/metadata.dto.js';
import { GRANT_TYPES } from './grant-type.guard.js';

const CACHED_SECONDS = 300;

/** What the server says of itself (RFC 8414, RFC 9728), so that clients need only its URL. */
@ApiTags('Discover')
@Public()
@Controller('.well-known')
export class MetadataController {
  constructor(
    private readonly scopes: ScopeCatalogue,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /** Gives the metadata of the authorization server (RFC 8414 §3). */
  @Get(WELL_KNOWN.authorizationServer)
  @Cacheable(CACHED_SECONDS)
  @ApiOperation({
    operationId: 'getAuthorizationServerMetadata',
    summary: 'Read the metadata of the authorization server',
  })
  @ApiOkResponse({ type: AuthorizationServerMetadataDto, description: 'The metadata (RFC 8414).' })
  async authorizationServer(): Promise<AuthorizationServerMetadataDto> {
    const { publicUrl } = this.settings;
    return {
      issuer: publicUrl,
      token_endpoint: `${publicUrl}/o/token/`,
      jwks_uri: `${publicUrl}/${JWKS_PATH}`,
      token_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
      revocation_endpoint: `${publicUrl}/o/revoke_token/`,
      revocation_endpoint_auth_methods_supported: CLIENT_AUTH_METHODS,
      introspection_endpoint: `${publicUrl}/o/introspect/`,
      introspection_endpoint_auth_methods_supported: INTROSPECTION_AUTH_METHODS,
      grant_types_supported: GRANT_TYPES,
      response_types_supported: [],
      scopes_supported: await this.scopeNames(),
      service_documentation: `${publicUrl}/docs`,
    };
  }

  /** Gives the metadata of this API as a protected resource (RFC 9728 §3). */
  @Get(WELL_KNOWN.protectedResource)
  @Cacheable(CACHED_SECONDS)
  @ApiOperation({
    operationId: 'getProtectedResourceMetadata',
    summary: 'Read the metadata of this API as a protected resource',
  })
  @ApiOkResponse({ type: ProtectedResourceMetadataDto, description: 'The metadata (RFC 9728).' })
  async protectedResource(): Promise<ProtectedResourceMetadataDto> {
    const { publicUrl, defaultAudience } = this.settings;
    return {
      resource: defaultAudience,
      authorization_servers: [publicUrl],
      bearer_methods_supported: ['header'],
      scopes_supported: await this.scopeNames(),
      resource_documentation: `${publicUrl}/docs`,
    };
  }

  /** The same under the name that many gateways read alone. */
  @Get(WELL_KNOWN.openidConfiguration)
  @Cacheable(CACHED_SECONDS)
  @ApiExcludeEndpoint()
  openidConfiguration(): Promise<AuthorizationServerMetadataDto> {
    return this.authorizationServer();
  }

  /** The form that the RFCs define for an issuer with a path (RFC 8414 §3.1, RFC 9728 §3.1). */
  @Get(`:name/*path`)
  @Cacheable(CACHED_SECONDS)
  @ApiExcludeEndpoint()
  async pathInserted(
    @Param('name') name: string,
    @Param('path') path: string[],
  ): Promise<AuthorizationServerMetadataDto | ProtectedResourceMetadataDto> {
    const { publicUrl, defaultAudience } = this.settings;
    const asked = `/.well-known/${name}/${path.join('/')}`.replace(/\/$/, '');
    const is = (url: string): boolean => asked === new URL(url).pathname;
    if (is(resourceMetadataUrl(publicUrl, defaultAudience))) return this.protectedResource();
    const names = [WELL_KNOWN.authorizationServer, WELL_KNOWN.openidConfiguration];
    if (names.some((own) => is(wellKnownUrl(publicUrl, own)))) return this.authorizationServer();
    throw new DomainError('not_found', 'There is nothing at this address.');
  }

  private async scopeNames(): Promise<string[]> {
    return (await this.scopes.list()).map(({ name }) => name);
  }
}
