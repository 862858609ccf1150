import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { isBearer, singleAuthorization } from '../../protocol/bearer-token.js';
import { TokenGate } from '../../resource-server/index.js';
import { requestOf } from '../../resource-server/request-of.js';
import { CLIENT_AUTH_METHODS, ClientCredentialsGuard } from './client-credentials.guard.js';
import { findingsOf } from './oauth-request.js';

/** How a caller can show who it is (RFC 8414 §2): the last is a type of access token. */
export const INTROSPECTION_AUTH_METHODS = [...CLIENT_AUTH_METHODS, 'Bearer'] as const;

/**
 * Lets in whoever may introspect (RFC 7662 §2.1): a client by its credentials, or, where none are
 * sent, a bearer token with the scope `introspection`.
 */
@Injectable()
export class IntrospectionGuard implements CanActivate {
  constructor(
    private readonly credentials: ClientCredentialsGuard,
    private readonly gate: TokenGate,
  ) {}

  /** @throws DomainError as {@link ClientCredentialsGuard} and {@link TokenGate} do */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = requestOf(context);
    const { form, shown } = findingsOf(request);
    if (shown !== undefined || form.get('client_id') !== undefined || !hasBearer(request)) {
      return this.credentials.canActivate(context);
    }
    await this.gate.admit(request, { kind: 'scopes', scopes: ['introspection'] });
    return true;
  }
}

function hasBearer({ rawHeaders }: Request): boolean {
  return isBearer(singleAuthorization(rawHeaders) ?? '');
}
