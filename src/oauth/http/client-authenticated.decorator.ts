import { applyDecorators, UseGuards, type CanActivate, type Type } from '@nestjs/common';
import { access } from '../../resource-server/index.js';
import { ClientCredentialsGuard } from './client-credentials.guard.js';
import { OAuthFormGuard } from './oauth-form.guard.js';

/**
 * Lets in whoever authenticates as a client, as the OAuth endpoints do. The guards stand in the
 * order in which a request is judged: its form, then what the endpoint itself asks, then the
 * client.
 *
 * @param between guards of the endpoint that judge before the client is looked at
 */
export function ClientAuthenticated(...between: Type<CanActivate>[]): MethodDecorator {
  return applyDecorators(
    access({ kind: 'client' }),
    UseGuards(OAuthFormGuard, ...between, ClientCredentialsGuard),
  );
}
