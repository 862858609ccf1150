import { TokenVerifier, type Awaitable, type VerifiedToken } from './token-verifier.js';

/** The audience of every token of {@link TestTokenVerifier}. */
export const TEST_AUDIENCE = 'urn:postern:test';

const PREFIX = 'test.';

/**
 * A verifier for the tests of a guarded module: it believes the tokens that {@link withScopes}
 * makes, so that no server and no database is needed, while the real guard decides.
 *
 * ```ts
 * ResourceServerModule.forRoot({ verifier: new TestTokenVerifier(), audience: TEST_AUDIENCE })
 * await request(server).post('/orders').set(withScopes('write')).expect(201);
 * ```
 */
export class TestTokenVerifier extends TokenVerifier {
  /** @throws an Error in production, where it would let everybody in */
  constructor() {
    super();
    if (process.env.NODE_ENV === 'production') {
      throw new Error('TestTokenVerifier believes every caller: it is for tests alone.');
    }
  }

  override verify(token: string): Awaitable<VerifiedToken | undefined> {
    return token.startsWith(PREFIX) ? verified(token) : undefined;
  }
}

function verified(token: string): VerifiedToken | undefined {
  const claims = claimsOf(token);
  if (claims === undefined) return undefined;
  const { clientId, scopes } = claims;
  const issuedAt = new Date();
  const expiresAt = new Date(issuedAt.getTime() + 3_600_000);
  return { clientId, scopes, audience: [TEST_AUDIENCE], issuedAt, expiresAt };
}

function claimsOf(token: string): Pick<VerifiedToken, 'clientId' | 'scopes'> | undefined {
  try {
    const text = Buffer.from(token.slice(PREFIX.length), 'base64url').toString();
    return JSON.parse(text) as Pick<VerifiedToken, 'clientId' | 'scopes'>;
  } catch {
    return undefined;
  }
}

/** The headers of a call by the client `test-client`, with exactly these scopes. */
export function withScopes(...scopes: string[]): { Authorization: string } {
  return asClient('test-client', ...scopes);
}

/** The headers of a call by a client of this id, with exactly these scopes. */
export function asClient(clientId: string, ...scopes: string[]): { Authorization: string } {
  const claims = Buffer.from(JSON.stringify({ clientId, scopes })).toString('base64url');
  return { Authorization: `Bearer ${PREFIX}${claims}` };
}
