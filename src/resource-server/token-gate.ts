import { Inject, Injectable } from '@nestjs/common';
import { DomainError, temporarilyUnavailable } from '../errors/domain-error.js';
import type { ErrorCode } from '../errors/error-catalogue.js';
import { presentedToken } from '../protocol/bearer-token.js';
import { challenge } from '../protocol/challenge.js';
import { MalformedRequestError } from '../protocol/malformed-request.js';
import { normalizedResource } from '../protocol/resource-indicator.js';
import type { AccessRule } from './access-rule.js';
import { RESOURCE_SERVER_OPTIONS, type ResourceServerOptions } from './resource-server.options.js';
import { isPending, type Awaitable, type VerifiedToken } from './token-verifier.js';

/** What of a request tells its token; not Express's own type, which a service may not have. */
export interface PresentingRequest {
  readonly rawHeaders: readonly string[];
  readonly url: string;
}

/** Admits callers by their access tokens (RFC 6750): what the guard of every handler asks. */
@Injectable()
export class TokenGate {
  private readonly audience: string;

  constructor(@Inject(RESOURCE_SERVER_OPTIONS) private readonly options: ResourceServerOptions) {
    this.audience = normalizedResource(options.audience) ?? options.audience;
  }

  /**
   * @param rule that asks for a token
   * @returns who calls
   * @throws DomainError with the challenge of RFC 6750 §3 for a caller who may not come in, and
   *   `temporarily_unavailable` where the token could not be judged
   */
  admit(request: PresentingRequest, rule: AccessRule): Awaitable<VerifiedToken> {
    const verdict = this.ask(this.tokenOf(request));
    return isPending(verdict)
      ? verdict.then((caller) => this.admitted(caller, rule), unavailable)
      : this.admitted(verdict, rule);
  }

  private tokenOf(request: PresentingRequest): string {
    try {
      const presented = presentedToken(request.rawHeaders, request.url);
      if (presented.kind === 'token') return presented.token;
      if (presented.kind === 'malformed') throw this.invalidToken('malformed token');
    } catch (error) {
      if (!(error instanceof MalformedRequestError)) throw error;
      throw this.refusal('invalid_request', error.message, { error: 'invalid_request' });
    }
    throw this.refusal(
      'missing_token',
      'This route needs an access token: send it as Authorization: Bearer <token>.',
      {},
    );
  }

  private ask(token: string): Awaitable<VerifiedToken | undefined> {
    try {
      return this.options.verifier.verify(token);
    } catch (cause) {
      return unavailable(cause);
    }
  }

  private admitted(caller: VerifiedToken | undefined, rule: AccessRule): VerifiedToken {
    if (caller === undefined) throw this.invalidToken('unknown, expired or revoked token');
    if (!this.isFor(caller.audience)) {
      throw this.invalidToken(`token of client ${caller.clientId} is for another audience`);
    }
    if (!holds(caller.scopes, rule)) throw this.insufficientScope(rule, caller.scopes);
    return caller;
  }

  /** URIs are compared in their WHATWG form, which the usual spelling spares. */
  private isFor(audience: readonly string[]): boolean {
    return (
      audience.includes(this.options.audience) ||
      audience.some((uri) => normalizedResource(uri) === this.audience)
    );
  }

  private invalidToken(reason: string): DomainError {
    const detail =
      'The access token is not valid: it may have expired or been revoked. Get a new one.';
    return this.refusal('invalid_token', detail, { error: 'invalid_token' }, reason);
  }

  private insufficientScope(rule: AccessRule, held: readonly string[]): DomainError {
    const needed = 'scopes' in rule ? rule.scopes : [];
    const missing = needed.filter((scope) => !held.includes(scope));
    return this.refusal(
      'insufficient_scope',
      `The access token lacks ${rule.kind === 'any_scope' ? 'each of these scopes' : 'a scope'}: ${missing.join(' ')}. Ask for a token that has it.`,
      { error: 'insufficient_scope', scope: needed.join(' ') },
    );
  }

  private refusal(
    code: ErrorCode,
    detail: string,
    parameters: Record<string, string | undefined>,
    reason?: string,
  ): DomainError {
    const header = challenge('Bearer', {
      realm: this.options.realm ?? 'api',
      ...parameters,
      resource_metadata: this.options.resourceMetadataUrl,
    });
    return new DomainError(code, detail, { reason, headers: { 'WWW-Authenticate': header } });
  }
}

/** What kept the verifier from judging is never a verdict. */
function unavailable(cause: unknown): never {
  throw cause instanceof DomainError ? cause : temporarilyUnavailable(cause);
}

/** Whether the scopes of a token are what a rule asks for. */
function holds(held: readonly string[], rule: AccessRule): boolean {
  switch (rule.kind) {
    case 'scopes':
      return rule.scopes.every((scope) => held.includes(scope));
    case 'any_scope':
      return rule.scopes.some((scope) => held.includes(scope));
    default:
      return true;
  }
}
