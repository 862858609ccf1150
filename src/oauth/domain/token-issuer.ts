import { Inject, Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { accessTokenTtlOf, type Client } from '../../clients/domain/client.js';
import { SETTINGS } from '../../config/settings.module.js';
import type { Settings } from '../../config/settings.js';
import { DomainError } from '../../errors/domain-error.js';
import { numericDate } from '../../protocol/numeric-date.js';
import { normalizedResource } from '../../protocol/resource-indicator.js';
import { parseScope } from '../../protocol/scope.js';
import { isPending } from '../../resource-server/token-verifier.js';
import { tokenDigest, type TokenDigest } from '../../secrets/digests.js';
import { AccessTokenSigner } from '../../signing-keys/domain/access-token-signer.js';
import { drawAccessToken, drawTokenName, type NewAccessToken } from './access-token.js';
import type { AuthenticatedClient } from './client-authenticator.js';
import { TokenQuota } from './token-quota.js';
import { TokensRepository } from './tokens.repository.js';

/** What a client asks for (RFC 6749 §4.4.2, RFC 8707 §2). */
export interface TokenRequest {
  /** The scope list as sent; undefined: the default one. */
  readonly scope: string | undefined;
  /** The resources as sent; empty: the usual ones. */
  readonly resources: readonly string[];
}

/** What a client gets (RFC 6749 §5.1). */
export interface IssuedToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  /** What was granted, in the catalogue's order. */
  readonly scopes: readonly string[];
}

/** A token that is to be stored. */
interface DrawnToken {
  /** The opaque token itself, or the name of a JWT. */
  readonly drawn: string;
  readonly token: NewAccessToken;
}

const TOKENS_ISSUED = new Counter({
  name: 'postern_tokens_issued_total',
  help: 'Access tokens issued',
});

/** Issues access tokens by the grant `client_credentials` (RFC 6749 §4.4). */
@Injectable()
export class TokenIssuer {
  constructor(
    private readonly tokens: TokensRepository,
    private readonly quota: TokenQuota,
    private readonly signer: AccessTokenSigner,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  /**
   * Issues a token; it is stored, durably, when this returns. What this node knows of a client may
   * be a moment old: before it is refused anything, the client is authenticated anew.
   *
   * @throws DomainError `unauthorized_client`, `invalid_scope`, `invalid_target`, `quota_exceeded`,
   *   in this order; `invalid_client` where it has changed since; `temporarily_unavailable`, and what
   *   the store throws when it is out of reach
   */
  async issue(authenticated: AuthenticatedClient, request: TokenRequest): Promise<IssuedToken> {
    const { client, again } = authenticated;
    try {
      const { drawn, token } = this.draw(authenticated, request);
      const taken = this.quota.take(client);
      const giveBack = isPending(taken) ? await taken : taken;
      let accessToken: string | undefined;
      try {
        if (await this.tokens.insert(token)) {
          const isJwt = client.accessTokenFormat === 'jwt';
          accessToken = isJwt ? await this.sign(drawn, token.digest) : drawn;
        }
      } finally {
        if (accessToken === undefined) giveBack();
      }
      if (accessToken !== undefined) {
        TOKENS_ISSUED.inc();
        return { accessToken, expiresInSeconds: token.ttlSeconds, scopes: token.scopes };
      }
    } catch (error) {
      if (again === undefined || !isRefusal(error)) throw error;
    }
    if (again === undefined) throw changedMeanwhile(client);
    return this.issue(await again(), request);
  }

  /** Decides what the client gets, and draws a token for it. */
  private draw({ client, secret }: AuthenticatedClient, request: TokenRequest): DrawnToken {
    assertGrant(client);
    const scopes = grantedScopes(client, request.scope);
    const audience = this.grantedAudience(client, request.resources);
    const drawn = client.accessTokenFormat === 'jwt' ? drawTokenName() : drawAccessToken();
    const token = {
      digest: tokenDigest(drawn),
      clientKey: client.key,
      secretKey: secret.key,
      scopes,
      audience,
      ttlSeconds: accessTokenTtlOf(client, this.settings.accessTokenTtlSeconds),
    };
    return { drawn, token };
  }

  /**
   * Writes a stored token down as a JWT: by its row, so that both say the same of scopes and times.
   *
   * @returns undefined where it is dead already
   */
  private async sign(jti: string, digest: TokenDigest): Promise<string | undefined> {
    const live = await this.tokens.findLive(digest);
    if (live === undefined) return undefined;
    const { clientId, scopes, audience, issuedAt, expiresAt } = live.claims;
    return this.signer.sign({
      jti,
      issuer: this.settings.publicUrl,
      clientId,
      scopes,
      audience,
      issuedAt: numericDate(issuedAt),
      expiresAt: numericDate(expiresAt),
    });
  }

  /**
   * The resources asked for, else all that the client may have. Stored as null where it is the
   * default audience alone: nearly every token, and the setting may change its name.
   */
  private grantedAudience(client: Client, asked: readonly string[]): readonly string[] | null {
    if (client.resources.length === 0 && asked.length === 0) return null;
    const { defaultAudience } = this.settings;
    const allowed = client.resources.length > 0 ? client.resources : [defaultAudience];
    const granted = asked.length === 0 ? allowed : askedAmong(allowed, asked);
    const [only = '', ...others] = granted;
    const isDefault = normalizedResource(only) === normalizedResource(defaultAudience);
    return isDefault && others.length === 0 ? null : granted;
  }
}

/** Whether an error is about the client, and not about a store that can't take the token now. */
function isRefusal(error: unknown): boolean {
  return error instanceof DomainError && error.code !== 'temporarily_unavailable';
}

function assertGrant(client: Client): void {
  if (client.grantTypes.includes('client_credentials')) return;
  throw new DomainError(
    'unauthorized_client',
    'This client may not use the grant client_credentials. Ask an administrator to add it.',
  );
}

/** The scopes asked for, or the default ones: always a subset of what the client may have. */
function grantedScopes(client: Client, scope: string | undefined): readonly string[] {
  const asked = parseScope(scope ?? '');
  if (asked.length > 0 && asked.every((name) => client.scopes.includes(name))) {
    return client.scopes.filter((name) => asked.includes(name));
  }
  const usual = client.scopes.filter((name) => client.defaultScopes.includes(name));
  if (asked.length === 0 && usual.length > 0) return usual;
  throw new DomainError('invalid_scope', scopeHint(asked));
}

function scopeHint(asked: readonly string[]): string {
  if (asked.length === 0) return 'This client has no default scope. Name the scopes that you need.';
  return asked.some((name) => name.includes(','))
    ? 'The scope list has a comma in it. Separate the scopes by blanks.'
    : 'At least one of the scopes does not exist, or this client may not have it. Ask for fewer, or ask an administrator.';
}

/** Each resource asked for, in the spelling that the client is set up with. */
function askedAmong(allowed: readonly string[], asked: readonly string[]): readonly string[] {
  const bySpelling = new Map(allowed.map((own) => [normalizedResource(own), own]));
  const granted = asked.map((text) => {
    const resource = normalizedResource(text);
    if (resource === undefined) {
      throw new DomainError(
        'invalid_target',
        'A resource is not an absolute URI, or has a fragment. Send it as in https://api.example.com/.',
      );
    }
    const own = bySpelling.get(resource);
    if (own !== undefined) return own;
    throw new DomainError(
      'invalid_target',
      'This client may not have a token for one of the resources. Ask an administrator to add it.',
    );
  });
  return [...new Set(granted)];
}

function changedMeanwhile({ clientId }: Client): DomainError {
  return new DomainError(
    'temporarily_unavailable',
    'The client was changed at this very moment. Try again.',
    { reason: `client ${clientId} changed between check and commit`, retryAfterSeconds: 1 },
  );
}
