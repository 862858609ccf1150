/**
 * A protected route, row by row of the contract (RFC 6750 §3): the guard in a toy Nest application,
 * over HTTP, with the verifier for tests.
 */
import { Controller, Get, Post } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startToyApp, type ToyApp } from '../../test/support/fakes.js';
import { send, sendRaw, type Answer } from '../../test/support/http.js';
import { DomainError } from '../errors/domain-error.js';
import {
  AnyScope,
  Authenticated,
  CurrentClient,
  Public,
  ResourceServerModule,
  Scopes,
  type TokenVerifier,
  type VerifiedToken,
} from './index.js';
import { asClient, TEST_AUDIENCE, TestTokenVerifier, withScopes } from './testing.js';

const METADATA = 'https://api.example.com/.well-known/oauth-protected-resource';

class GuardedBase {
  @Get('inherited')
  inherited(@CurrentClient() client: VerifiedToken): string {
    return client.clientId;
  }
}

@Controller('guarded')
@Scopes('read')
class GuardedController extends GuardedBase {
  static calls = 0;

  @Get('by-class')
  byClass(@CurrentClient() client: VerifiedToken): { clientId: string; scopes: readonly string[] } {
    return { clientId: client.clientId, scopes: client.scopes };
  }

  @Get('both')
  @Scopes('read', 'write')
  both(): string {
    GuardedController.calls += 1;
    return 'in';
  }

  @Get('any')
  @AnyScope('write', 'admin')
  any(): string {
    return 'in';
  }

  @Get('authenticated')
  @Authenticated()
  authenticated(): string {
    return 'in';
  }

  @Get('open')
  @Public()
  open(): string {
    return 'in';
  }

  @Post('open')
  @Public()
  mistaken(@CurrentClient() client: VerifiedToken): string {
    return client.clientId;
  }
}

/** Judges as a test says; by default as the verifier for tests does. */
class ScriptedVerifier extends TestTokenVerifier {
  script: ((token: string) => ReturnType<TokenVerifier['verify']>) | undefined;

  override verify(presented: string): ReturnType<TokenVerifier['verify']> {
    return this.script === undefined ? super.verify(presented) : this.script(presented);
  }
}

const verifier = new ScriptedVerifier();
let toy: ToyApp;

beforeAll(async () => {
  const resourceServer = ResourceServerModule.forRoot({
    verifier,
    audience: TEST_AUDIENCE,
    resourceMetadataUrl: METADATA,
    errorPagesUrl: 'https://auth.example.com',
  });
  toy = await startToyApp({ imports: [resourceServer], controllers: [GuardedController] });
});

afterAll(() => toy.close());

function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return send(`${toy.url}/guarded/${path}`, { headers });
}

async function withVerifier(
  script: NonNullable<ScriptedVerifier['script']>,
  attempt: () => Promise<Answer>,
): Promise<Answer> {
  verifier.script = script;
  try {
    return await attempt();
  } finally {
    verifier.script = undefined;
  }
}

function token(traits: Partial<VerifiedToken> = {}): VerifiedToken {
  return {
    clientId: 'billing',
    scopes: ['read', 'write'],
    audience: [TEST_AUDIENCE],
    issuedAt: new Date(),
    expiresAt: new Date(Date.now() + 60_000),
    ...traits,
  };
}

/** A refusal by the token: status, challenge and the whole problem document. */
function expectRefusal(answer: Answer, status: number, code: string, challenge: string): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('www-authenticate')).toBe(
    `Bearer realm="api"${challenge}, resource_metadata="${METADATA}"`,
  );
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const bearer = code === 'missing_token' ? {} : { error: code };
  expect(answer.body).toEqual({
    type: `https://auth.example.com/errors/${code}`,
    title: expect.any(String),
    status,
    detail: expect.stringMatching(/^[A-Z].*\.$/),
    instance: expect.stringMatching(/^\/guarded\/[a-z-]+$/),
    request_id: expect.any(String),
    ...bearer,
  });
}

describe('no token', () => {
  it.each<[string, string, Record<string, string>]>([
    ['no header', 'both', {}],
    ['another scheme', 'both', { Authorization: 'Basic YTpi' }],
    [
      'a token in the query alone',
      `both?access_token=${withScopes('read', 'write').Authorization.slice(7)}`,
      {},
    ],
  ])(
    '(%s) gets 401 with a challenge that has no error code, not to be stored',
    async (_what, path, headers) => {
      const answer = await get(path, headers);
      expectRefusal(answer, 401, 'missing_token', '');
      expect(answer.headers.get('cache-control')).toBe('no-store');
    },
  );

  it('is judged before the path of a guarded route is looked at for its method', async () => {
    expect((await send(`${toy.url}/guarded/by-class`, { method: 'HEAD' })).status).toBe(401);
  });
});

describe('a token that is of no use', () => {
  it.each([
    ['unknown', 'Bearer abc'],
    ['empty', 'Bearer'],
    ['empty, with a blank', 'Bearer '],
    ['malformed', 'Bearer "abc"'],
    ['twice announced', 'Bearer Bearer abc'],
    ['too long', `Bearer ${'a'.repeat(8193)}`],
  ])('(%s) gets 401 invalid_token', async (_what, authorization) => {
    const answer = await get('both', { Authorization: authorization });
    expectRefusal(answer, 401, 'invalid_token', ', error="invalid_token"');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it.each<[string, readonly string[]]>([
    ['another', ['https://other.example.com']],
    ['none', []],
    ['one that only begins alike', [`${TEST_AUDIENCE}2`]],
  ])('(its audience is %s) gets 401 invalid_token', async (_what, audience) => {
    const answer = await withVerifier(
      () => Promise.resolve(token({ audience })),
      () => get('both', withScopes('read')),
    );
    expectRefusal(answer, 401, 'invalid_token', ', error="invalid_token"');
    expect(answer.text).not.toMatch(/billing|audience/);
  });

  it('is answered the same, word for word, whatever is wrong with it', async () => {
    const answers = [
      await get('both', { Authorization: 'Bearer abc' }),
      await get('both', { Authorization: 'Bearer ?' }),
      await withVerifier(
        () => Promise.resolve(token({ audience: [] })),
        () => get('both', withScopes('read')),
      ),
    ];
    const texts = answers.map(({ text, headers }) =>
      text.replace(String(headers.get('x-request-id')), ''),
    );
    expect(new Set(texts).size).toBe(1);
  });
});

describe('two credentials', () => {
  it('in two headers get 400 invalid_request, even where both are good', async () => {
    const { Authorization } = withScopes('read', 'write');
    const answer = await sendRaw(
      toy.url,
      `GET /guarded/both HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${Authorization}\r\nauthorization: ${Authorization}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain(
      `WWW-Authenticate: Bearer realm="api", error="invalid_request", resource_metadata="${METADATA}"`,
    );
    expect(answer).toContain('"error":"invalid_request"');
  });

  it('in the header and in the query get 400 invalid_request', async () => {
    const answer = await get('both?access%5Ftoken=query-token', withScopes('read', 'write'));
    expectRefusal(answer, 400, 'invalid_request', ', error="invalid_request"');
    expect(answer.text).not.toContain('query-token');
  });
});

describe('a scope that is missing', () => {
  it.each<[string, string[], string, RegExp]>([
    ['both', ['read'], 'read write', /write\. /],
    ['both', ['write'], 'read write', /read\. /],
    ['both', [], 'read write', /read write\. /],
    ['both', ['READ', 'WRITE'], 'read write', /read write\. /],
    ['both', ['readwrite', 'read write'], 'read write', /read write\. /],
    ['by-class', ['write'], 'read', /read\. /],
    ['inherited', ['write'], 'read', /read\. /],
    ['any', ['read'], 'write admin', /each of these scopes: write admin\. /],
    ['any', [], 'write admin', /each of these scopes: write admin\. /],
  ])('on %s for %j gets 403 that names %s', async (path, scopes, needed, told) => {
    const answer = await get(path, withScopes(...scopes));
    expectRefusal(
      answer,
      403,
      'insufficient_scope',
      `, error="insufficient_scope", scope="${needed}"`,
    );
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.body.detail).toMatch(told);
  });

  it('keeps the handler from running', async () => {
    const before = GuardedController.calls;
    await get('both', withScopes('read'));
    expect(GuardedController.calls).toBe(before);
    await get('both', withScopes('read', 'write'));
    expect(GuardedController.calls).toBe(before + 1);
  });
});

describe('a store that can not be reached', () => {
  it.each<[string, () => Promise<never>]>([
    [
      'a refused connection',
      () => Promise.reject(Object.assign(new Error('pst_x'), { code: 'ECONNREFUSED' })),
    ],
    ['a failure of any kind', () => Promise.reject(new Error('pst_x'))],
    ['something that is no error', () => Promise.reject('pst_x')],
    [
      'a failure before the promise',
      () => {
        throw new TypeError('pst_x');
      },
    ],
    [
      'a refusal of its own',
      () =>
        Promise.reject(
          new DomainError('temporarily_unavailable', 'Later.', { retryAfterSeconds: 3 }),
        ),
    ],
  ])('(%s) gets 503 with Retry-After and no challenge, never 401', async (_what, script) => {
    const answer = await withVerifier(script, () => get('both', withScopes('read', 'write')));
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(answer.headers.get('www-authenticate')).toBeNull();
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.text).not.toContain('pst_x');
  });

  it('does not matter to a public handler, nor to a request without a token', async () => {
    const down = (): Promise<never> => Promise.reject(new Error('down'));
    expect((await withVerifier(down, () => get('open'))).status).toBe(200);
    expect((await withVerifier(down, () => get('both'))).status).toBe(401);
  });
});

describe('a caller who may come in', () => {
  it.each<[string, string[]]>([
    ['both', ['read', 'write']],
    ['both', ['admin', 'write', 'read']],
    ['any', ['admin']],
    ['any', ['write']],
    ['any', ['write', 'admin', 'read']],
    ['authenticated', []],
    ['authenticated', ['whatever']],
    ['by-class', ['read']],
    ['inherited', ['read']],
    ['open', []],
  ])('is let in on %s with %j', async (path, scopes) => {
    expect((await get(path, withScopes(...scopes))).status).toBe(200);
  });

  it.each<Record<string, string>>([
    {},
    { Authorization: 'Bearer nonsense' },
    { Authorization: 'Basic nonsense' },
  ])('is anyone on a public handler, be it with %j', async (headers) => {
    expect((await get('open', headers)).status).toBe(200);
  });

  it('may spell the scheme in capitals', async () => {
    const { Authorization } = withScopes('read', 'write');
    const answer = await get('both', { Authorization: Authorization.replace('Bearer', 'BEARER') });
    expect(answer.status).toBe(200);
  });

  it('is known to the handler, with its scopes', async () => {
    const answer = await get('by-class', asClient('billing', 'read', 'other'));
    expect(answer.body).toEqual({ clientId: 'billing', scopes: ['read', 'other'] });
  });

  it('may have a token for several audiences', async () => {
    const audience = ['https://other.example.com', TEST_AUDIENCE];
    const answer = await withVerifier(
      () => Promise.resolve(token({ audience })),
      () => get('both', withScopes('read')),
    );
    expect(answer.status).toBe(200);
  });

  // Contract: "URIs are compared in their WHATWG form."
  it('may have a token whose audience is spelled otherwise', async () => {
    const other = await startToyApp({
      imports: [ResourceServerModule.forRoot({ verifier, audience: 'https://api.example.com' })],
      controllers: [GuardedController],
    });
    const answer = await withVerifier(
      () => Promise.resolve(token({ audience: ['HTTPS://api.example.com/'] })),
      () => send(`${other.url}/guarded/both`, { headers: withScopes('read') }),
    );
    await other.close();
    expect(answer.status).toBe(200);
  });

  it('is nobody on a public handler that asks for a client: a defect, told to nobody', async () => {
    const answer = await send(`${toy.url}/guarded/open`, { method: 'POST' });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/CurrentClient|GuardedController/);
  });
});

describe('a server that says little of itself', () => {
  it('challenges without metadata, and its problems have no page', async () => {
    const plain = await startToyApp({
      imports: [
        ResourceServerModule.forRoot({
          verifier,
          audience: TEST_AUDIENCE,
          realm: 'a "quoted" realm',
        }),
      ],
      controllers: [GuardedController],
    });
    const answer = await send(`${plain.url}/guarded/both`);
    await plain.close();
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="a \\"quoted\\" realm"');
    expect(answer.body.type).toBe('about:blank');
  });
});
