import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import {
  exportJWK,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTHeaderParameters,
} from 'jose';
import { parseBasicCredentials } from '../../src/protocol/basic-credentials.js';

/** A pair of keys of the test, with the public one as it is published. */
export interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
  readonly header: JWTHeaderParameters;
}

/** Makes a pair of keys. */
export async function makeKey(kid: string, alg = 'EdDSA'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return { privateKey, publicJwk, header: { alg, kid, typ: 'at+jwt' } };
}

/** Claims that a test sets; one that is undefined is left out. */
export type Claims = Readonly<Record<string, unknown>>;

/** The client with which services introspect. Its halves differ when they are form-encoded. */
export const INTROSPECTOR = { clientId: 'my service', clientSecret: 'se%cret:+/' };

/**
 * A small authorization server of another make: real HTTP, real keys. It knows RFC 8414, RFC 7517
 * and RFC 7662, and does as a test says.
 */
export class AuthorizationServer {
  /** The keys that it publishes. */
  keys: SigningKey[] = [];
  /** Where set, what it publishes in place of a key set. */
  keySet: unknown;
  /** What it answers about each token; of others it says `active: false`. */
  readonly introspections = new Map<string, unknown>();
  /** Every path that was asked for, in turn. */
  readonly asked: string[] = [];
  /** How long it waits with each answer. */
  delayMs = 0;
  /** Where set, the status of every answer. */
  broken: number | undefined;
  /** Where set, where every call to introspect is sent on to. */
  redirect: string | undefined;
  /** Members of the metadata that a test sets. */
  metadata: Claims = {};
  issuer = '';
  private readonly server = createServer((request, response) => {
    void this.answer(request, response);
  });

  /** Starts it on a free port, or on a given one, where it was before. */
  async start(port = 0): Promise<this> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.issuer = `http://127.0.0.1:${address.port}`;
    return this;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  /** How often a path was asked for. */
  count(path: string): number {
    return this.asked.filter((each) => each === path).length;
  }

  /** The claims of a good token for an audience, as RFC 9068 §2.2 has them. */
  claims(audience: string, changes: Claims = {}): Claims {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.issuer,
      aud: audience,
      sub: 'billing',
      client_id: 'billing',
      scope: 'read write',
      iat: now,
      exp: now + 60,
      jti: 'a1',
      ...changes,
    };
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    this.asked.push(path);
    const body = await textOf(request);
    // Decided before the wait: what changes meanwhile comes too late for this answer.
    const [status, answer] = this.decide(path, request, body);
    if (this.delayMs > 0) await delay(this.delayMs);
    const location = path === '/introspect' ? this.redirect : undefined;
    if (location !== undefined) response.writeHead(307, { Location: location });
    else response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(answer));
  }

  private decide(path: string, request: IncomingMessage, body: string): [number, unknown] {
    if (this.broken !== undefined) return [this.broken, {}];
    switch (path) {
      case '/.well-known/oauth-authorization-server':
        return [
          200,
          {
            issuer: this.issuer,
            jwks_uri: `${this.issuer}/jwks`,
            introspection_endpoint: `${this.issuer}/introspect`,
            ...this.metadata,
          },
        ];
      case '/jwks':
        return [200, this.keySet ?? { keys: this.keys.map(({ publicJwk }) => publicJwk) }];
      case '/introspect':
        return this.introspect(request, body);
      default:
        return [404, {}];
    }
  }

  private introspect({ headers, method }: IncomingMessage, body: string): [number, unknown] {
    const [shown] = parseBasicCredentials(headers.authorization ?? 'Basic Og==') ?? [];
    const { clientId, clientSecret } = INTROSPECTOR;
    if (shown?.clientId !== clientId || shown.clientSecret !== clientSecret) {
      return [401, { error: 'invalid_client' }];
    }
    const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
    if (method !== 'POST' || isForm !== true) return [400, { error: 'invalid_request' }];
    const token = new URLSearchParams(body).get('token') ?? '';
    return [200, this.introspections.get(token) ?? { active: false }];
  }
}

/** Signs claims with a key; members of the header can be changed. */
export function sign(
  claims: Claims,
  key: SigningKey,
  header: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ ...key.header, ...header }).sign(key.privateKey);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
