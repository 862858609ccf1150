import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { DomainError } from '../../errors/domain-error.js';
import { MalformedRequestError } from '../../protocol/malformed-request.js';
import { requestOf } from '../../resource-server/request-of.js';
import { findingsOf } from './oauth-request.js';

/** The grants that this server knows (RFC 6749 §4); the metadata lists the same. */
export const GRANT_TYPES = ['client_credentials'] as const;

/** Refuses a token request of another grant, before its client is looked at. */
@Injectable()
export class GrantTypeGuard implements CanActivate {
  /**
   * @throws MalformedRequestError (`invalid_request`) where there is no grant type
   * @throws DomainError `unsupported_grant_type` for an unknown one
   */
  canActivate(context: ExecutionContext): boolean {
    const { form } = findingsOf(requestOf(context));
    const grantType = form.get('grant_type');
    if (grantType === undefined) {
      throw new MalformedRequestError(
        'The parameter grant_type is missing. Send grant_type=client_credentials.',
      );
    }
    if ((GRANT_TYPES as readonly string[]).includes(grantType)) return true;
    throw new DomainError(
      'unsupported_grant_type',
      'This grant type is not supported. Send grant_type=client_credentials.',
    );
  }
}
