import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { UsageRecorder } from '../../clients/domain/usage-recorder.js';
import { DomainError } from '../../errors/domain-error.js';
import { ClientAuthenticator } from '../domain/client-authenticator.js';
import { callerOf, findingsOf, noteClient } from './oauth-request.js';

/** The ways of authenticating that this server knows (RFC 7591 §2); the metadata lists the same. */
export const CLIENT_AUTH_METHODS = ['client_secret_basic', 'client_secret_post'] as const;

/** Authenticates the client that calls an OAuth endpoint (RFC 6749 §2.3). */
@Injectable()
export class ClientCredentialsGuard implements CanActivate {
  constructor(
    private readonly authenticator: ClientAuthenticator,
    private readonly usage: UsageRecorder,
  ) {}

  /** @throws DomainError `invalid_client`, or `too_many_attempts` in its place */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const { shown } = findingsOf(request);
    if (shown === undefined) {
      throw new DomainError(
        'invalid_client',
        'No client credentials were sent. Send client id and secret by HTTP Basic, or as client_id and client_secret in the body.',
        { reason: 'no credentials' },
      );
    }
    const caller = callerOf(request);
    const authenticated = await this.authenticator.authenticate(shown, caller);
    noteClient(request, authenticated);
    this.usage.note(authenticated.client.key, authenticated.secret.key, caller.address);
    return true;
  }
}
