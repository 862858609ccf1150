import {
  Inject,
  Injectable,
  Logger,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { Request } from 'express';
import { UsageRecorder } from '../../clients/domain/usage-recorder.js';
import { SETTINGS } from '../../config/settings.module.js';
import type { Settings } from '../../config/settings.js';
import { DomainError } from '../../errors/domain-error.js';
import { requestOf } from '../../resource-server/request-of.js';
import { isPending } from '../../resource-server/token-verifier.js';
import {
  ClientAuthenticator,
  type AuthenticatedClient,
  type Caller,
} from '../domain/client-authenticator.js';
import { RefusalBeat } from '../domain/refusal-beat.js';
import { callerOf, findingsOf, noteClient } from './oauth-request.js';

/** The ways of authenticating that this server knows (RFC 7591 §2); the metadata lists the same. */
export const CLIENT_AUTH_METHODS = ['client_secret_basic', 'client_secret_post'] as const;

/** Authenticates the client that calls an OAuth endpoint (RFC 6749 §2.3). */
@Injectable()
export class ClientCredentialsGuard implements CanActivate {
  private readonly logger = new Logger('Authentication');
  /** Asked once: a line that nobody sees is not even put together, for each token would be one. */
  private readonly tells: boolean;

  constructor(
    private readonly authenticator: ClientAuthenticator,
    private readonly usage: UsageRecorder,
    private readonly beat: RefusalBeat,
    @Inject(SETTINGS) { logLevel }: Settings,
  ) {
    this.tells = logLevel === 'debug' || logLevel === 'trace';
  }

  /**
   * @returns true, at once for a client that this node knows
   * @throws DomainError `invalid_client`, or `too_many_attempts` in its place
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = requestOf(context);
    const { shown } = findingsOf(request);
    if (shown === undefined) {
      throw new DomainError(
        'invalid_client',
        'No client credentials were sent. Send client id and secret by HTTP Basic, or as client_id and client_secret in the body.',
        { reason: 'no credentials' },
      );
    }
    const caller = callerOf(request);
    const admit = (authenticated: AuthenticatedClient): true => {
      noteClient(request, authenticated);
      this.usage.note(authenticated.client.key, authenticated.secret.key, caller.address);
      if (this.tells) this.tell(request, caller, authenticated, shown.method);
      return true;
    };
    const found = this.beat.of(() => this.authenticator.authenticate(shown, caller));
    return isPending(found) ? found.then(admit) : admit(found);
  }

  private tell(
    { method, path }: Request,
    { address, requestId }: Caller,
    { client, secret }: AuthenticatedClient,
    authMethod: string,
  ): void {
    this.logger.debug({
      msg: 'authenticated',
      request_id: requestId,
      client_id: client.clientId,
      address,
      method,
      path,
      auth_method: authMethod,
      secret_hint: secret.hint,
    });
  }
}
