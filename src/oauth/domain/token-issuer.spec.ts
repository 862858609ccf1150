import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  aDomainClient,
  aSecret,
  FakeTokenCounts,
  FakeTokensRepository,
} from '../../../test/support/fakes.js';
import { aTokenService } from '../../../test/support/signing-keys.js';
import type { Client } from '../../clients/domain/client.js';
import { loadSettings } from '../../config/settings.js';
import { DomainError } from '../../errors/domain-error.js';
import { tokenDigest } from '../../secrets/digests.js';
import { TokenIssuer, type TokenRequest } from './token-issuer.js';
import { TokenQuota } from './token-quota.js';

const API = 'https://api.example.com';
const CATALOGUE = ['read', 'write', 'admin', 'introspection', 'invoices:read', 'a,b'];

const { signer } = await aTokenService('EdDSA');

function setUp() {
  const tokens = new FakeTokensRepository();
  const settings = loadSettings({ DEFAULT_AUDIENCE: API, ACCESS_TOKEN_TTL: '600' });
  const issuer = new TokenIssuer(tokens, new TokenQuota(new FakeTokenCounts()), signer, settings);
  return {
    tokens,
    issue: (traits: Partial<Client>, request: Partial<TokenRequest> = {}) =>
      issuer.issue(
        { client: aDomainClient(traits), secret: aSecret('right', { key: 7 }) },
        { scope: undefined, resources: [], ...request },
      ),
  };
}

async function refusal(attempt: Promise<unknown>): Promise<DomainError> {
  const outcome = await attempt.catch((error: unknown) => error);
  if (outcome instanceof DomainError) return outcome;
  throw new Error('it was not refused', { cause: outcome });
}

const some = fc.subarray(CATALOGUE);
const client = some.chain((scopes) =>
  fc.record({ scopes: fc.constant(scopes), defaultScopes: fc.subarray(scopes) }),
);
const asked = fc.option(
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...CATALOGUE, 'read', 'write', '', ' ', 'Read', '*', 'read,write'),
        fc.string({ maxLength: 4 }),
      ),
      { maxLength: 6 },
    )
    .map((names) => names.join(' ')),
  { nil: undefined },
);

describe('a granted scope', () => {
  it('is registered, was asked for, and stands in the catalogue’s order, for every request', async () => {
    await fc.assert(
      fc.asyncProperty(client, asked, async (traits, scope) => {
        const { issue, tokens } = setUp();
        const names = (scope ?? '').split(' ').filter((name) => name !== '');
        const outcome = await issue(traits, { scope }).catch((error: unknown) => error);
        const wanted = names.length > 0 ? names : traits.defaultScopes;
        if (wanted.length > 0 && wanted.every((name) => traits.scopes.includes(name))) {
          const granted = CATALOGUE.filter((name) => wanted.includes(name));
          expect(outcome).toMatchObject({ scopes: granted });
          expect(tokens.inserted[0]?.scopes).toEqual(granted);
        } else {
          expect(outcome).toMatchObject({ code: 'invalid_scope' });
          expect(tokens.inserted).toEqual([]);
        }
      }),
      { numRuns: 1500 },
    );
  });

  // The store refuses such a token as "changed at this very moment", for ever.
  it('is registered even where the default scope is wider than the scope', async () => {
    const traits = { scopes: ['read'], defaultScopes: ['read', 'admin'] };
    expect((await setUp().issue(traits)).scopes).toEqual(['read']);
  });

  it.each<[string, Partial<Client>, string | undefined, RegExp]>([
    ['a comma', {}, 'read,write', /comma.*blanks/],
    ['an unknown name', {}, 'read colour', /does not exist, or this client may not have it/],
    ['one that it may not have', {}, 'admin', /does not exist, or this client may not have it/],
    ['nothing, with no default', { defaultScopes: [] }, undefined, /no default scope/],
    ['blanks, with no default', { defaultScopes: [] }, '   ', /no default scope/],
  ])('is refused for %s, with a hint that repeats nothing', async (_what, traits, scope, hint) => {
    const error = await refusal(setUp().issue(traits, { scope }));
    expect(error.code).toBe('invalid_scope');
    expect(error.message).toMatch(hint);
    expect(error.message).not.toMatch(/colour|admin\b/);
  });

  it('is found out in no time in a list as long as a body may be', async () => {
    const scope = Array.from({ length: 5000 }, (_, index) => `s${index}`).join(' ');
    const start = performance.now();
    await refusal(setUp().issue({}, { scope }));
    expect(performance.now() - start).toBeLessThan(200);
  });
});

describe('the audience', () => {
  const OTHER = 'https://other.example.com/v1';

  it.each<[string, string[], string[], string[] | null]>([
    ['none asked for', [], [], null],
    ['the default one asked for', [], [API], null],
    ['the default one asked for in another spelling', [], ['HTTPS://API.example.com:443/'], null],
    ['none asked for by a client with resources', [OTHER], [], [OTHER]],
    ['none asked for by a client with several', [API, OTHER], [], [API, OTHER]],
    ['one of several', [API, OTHER], [OTHER], [OTHER]],
    ['the default one of several', [API, OTHER], [API], null],
    ['several', [API, OTHER], [OTHER, API], [OTHER, API]],
    ['one twice, in two spellings', [API, OTHER], [OTHER, 'https://OTHER.example.com/v1'], [OTHER]],
    ['a name that is no address', ['urn:x'], ['urn:x'], ['urn:x']],
  ])('of %s is as the client is set up', async (_what, resources, sent, stored) => {
    const { issue, tokens } = setUp();
    await issue({ resources }, { resources: sent });
    expect(tokens.inserted[0]?.audience).toEqual(stored);
  });

  it.each<[string, string[], string[]]>([
    ['no absolute URI', [], ['my-api']],
    ['a fragment', [], [`${API}#x`]],
    ['an empty text', [], ['']],
    ['another API', [], [OTHER]],
    ['the default one, to a client that has others', [OTHER], [API]],
    ['a path below', [], [`${API}/v1`]],
    ['a good one beside a bad one', [], [API, OTHER]],
  ])('can not be %s', async (_what, resources, sent) => {
    const { issue, tokens } = setUp();
    const error = await refusal(issue({ resources }, { resources: sent }));
    expect(error.code).toBe('invalid_target');
    expect(error.message).not.toContain('other.example.com');
    expect(tokens.inserted).toEqual([]);
  });

  // Contract: "URIs are compared in their WHATWG form." The guard would refuse such a token.
  it('is the default one in whatever spelling the client has it', async () => {
    const { issue, tokens } = setUp();
    await issue({ resources: [`${API}/`] });
    expect(tokens.inserted[0]?.audience).toBeNull();
  });
});

describe('a token', () => {
  it('is stored by its digest alone, with client, secret and lifetime', async () => {
    const { issue, tokens } = setUp();
    const issued = await issue({ key: 3 });
    expect(issued).toEqual({
      accessToken: expect.stringMatching(/^[A-Za-z0-9]{30}$/),
      expiresInSeconds: 600,
      scopes: ['read', 'write'],
    });
    expect(tokens.inserted).toEqual([
      {
        digest: tokenDigest(issued.accessToken),
        clientKey: 3,
        secretKey: 7,
        scopes: ['read', 'write'],
        audience: null,
        ttlSeconds: 600,
      },
    ]);
  });

  it('lives as long as its client says', async () => {
    const { issue, tokens } = setUp();
    expect((await issue({ accessTokenTtlSeconds: 60 })).expiresInSeconds).toBe(60);
    expect(tokens.inserted[0]?.ttlSeconds).toBe(60);
  });

  it('is not given where it was not stored', async () => {
    const { issue, tokens } = setUp();
    tokens.outcome = () => Promise.resolve(false);
    const error = await refusal(issue({}));
    expect(error).toMatchObject({
      code: 'temporarily_unavailable',
      context: { retryAfterSeconds: 1 },
    });
  });

  // What a JWT says of its times it has from its row.
  it('is not given as a JWT where its row has died since', async () => {
    const { issue, tokens } = setUp();
    const error = await refusal(issue({ accessTokenFormat: 'jwt' }));
    expect(tokens.inserted).toHaveLength(1);
    expect(error.code).toBe('temporarily_unavailable');
  });

  it('is not given where the store fails, whose failure stays as it is', async () => {
    const { issue, tokens } = setUp();
    tokens.outcome = () => Promise.reject(new Error('down'));
    await expect(issue({})).rejects.toThrow('down');
  });

  // Contract: "Quota counts tokens issued". An outage uses up the quota of a client that tries again.
  it('that could not be stored does not count for the quota', async () => {
    const { issue, tokens } = setUp();
    tokens.outcome = () => Promise.reject(new Error('down'));
    await expect(issue({ tokenQuota: 1 })).rejects.toThrow('down');
    tokens.outcome = () => Promise.resolve(true);
    await expect(issue({ tokenQuota: 1 })).resolves.toMatchObject({ expiresInSeconds: 600 });
  });
});

describe('the order of refusals', () => {
  const all = { grantTypes: [], scopes: ['read'], tokenQuota: 0 } satisfies Partial<Client>;
  const bad = { scope: 'admin', resources: ['x'] };

  it.each<[string, Partial<Client>, Partial<TokenRequest>]>([
    ['unauthorized_client', all, bad],
    ['invalid_scope', { ...all, grantTypes: ['client_credentials'] }, bad],
    ['invalid_target', { ...all, grantTypes: ['client_credentials'] }, { ...bad, scope: 'read' }],
    ['quota_exceeded', { ...all, grantTypes: ['client_credentials'] }, {}],
  ])('has %s before what comes after it', async (code, traits, request) => {
    const { issue, tokens } = setUp();
    expect((await refusal(issue(traits, request))).code).toBe(code);
    expect(tokens.inserted).toEqual([]);
  });

  it('takes nothing off the quota for a request that is refused', async () => {
    const { issue } = setUp();
    for (let time = 0; time < 5; time += 1) {
      await refusal(issue({ tokenQuota: 1 }, { scope: 'admin' }));
    }
    await expect(issue({ tokenQuota: 1 })).resolves.toBeDefined();
    expect((await refusal(issue({ tokenQuota: 1 }))).code).toBe('quota_exceeded');
  });
});
