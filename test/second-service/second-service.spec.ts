/**
 * Another service as a resource server: a small Nest application, in a process of its own, that has
 * the packed `postern/resource-server` and nothing else of this project.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AuthorizationServer,
  INTROSPECTOR,
  makeKey,
  sign,
  type SigningKey,
} from '../support/authorization-server.js';
import { example } from '../support/examples.js';
import { send, type Answer } from '../support/http.js';
import { InstalledService, type RunningService } from './installed-service.js';

const AUDIENCE = 'https://notes.example.com';
const BUILT_WITHIN_MS = 120_000;

let installed: InstalledService;
let issuer: AuthorizationServer;
let key: SigningKey;

beforeAll(async () => {
  installed = await InstalledService.install();
  issuer = await new AuthorizationServer().start();
  key = await makeKey('current');
  issuer.keys = [key];
}, BUILT_WITHIN_MS);

afterAll(async () => {
  await issuer.stop();
  installed.remove();
});

describe('the package', () => {
  it(
    'compiles strictly in a service, its declarations too, as docs/guarding.md shows it',
    async () => {
      installed.add('notes.module.ts', example('docs/guarding.md', 'class NotesModule'));
      installed.add('introspecting.ts', example('docs/guarding.md', 'class IntrospectingModule'));
      await expect(installed.compile()).resolves.toBeUndefined();
    },
    BUILT_WITHIN_MS,
  );

  it('brings neither a database nor a second Nest', () => {
    const { dependencies, peerDependencies } = installed.manifest;
    expect(Object.keys(dependencies)).toEqual(['jose', 'lru-cache']);
    expect(peerDependencies).toEqual({
      '@nestjs/common': '^12.0.0',
      '@nestjs/core': '^12.0.0',
      '@nestjs/platform-express': '^12.0.0',
      '@nestjs/swagger': '^12.0.0',
    });
  });

  it('has the test verifier at an entry of its own', async () => {
    const line = `import { asClient, TestTokenVerifier } from 'postern/resource-server/testing';
      import { TokenVerifier } from 'postern/resource-server';
      const [, token] = asClient('billing', 'read').Authorization.split(' ');
      const verifier = new TestTokenVerifier();
      const { clientId } = await verifier.verify(token);
      console.log(clientId, verifier instanceof TokenVerifier);`;
    expect(await installed.runLine(line)).toBe('billing true\n');
  });

  it.each([
    'postern',
    'postern/package.json',
    'postern/dist/src/resource-server/index.js',
    'postern/dist/src/errors/domain-error.js',
  ])('has no entry %s', async (entry) => {
    const line = `await import('${entry}').catch(({ code }) => console.log(code));`;
    expect(await installed.runLine(line)).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n');
  });
});

describe.each(['jwks', 'introspection'])('the second service with the verifier %s', (verifier) => {
  let service: RunningService;

  beforeAll(async () => {
    service = await installed.start({
      VERIFIER: verifier,
      ISSUER: issuer.issuer,
      AUDIENCE,
      CLIENT_ID: INTROSPECTOR.clientId,
      CLIENT_SECRET: INTROSPECTOR.clientSecret,
    });
  }, BUILT_WITHIN_MS);

  afterAll(() => service.stop());

  async function tokenWith(changes: Record<string, unknown> = {}): Promise<string> {
    const claims = issuer.claims(AUDIENCE, changes);
    const token = await sign(claims, key);
    issuer.introspections.set(token, { active: true, token_type: 'Bearer', ...claims });
    return token;
  }

  function write(token: string): Promise<Answer> {
    const headers = { Authorization: `Bearer ${token}` };
    return send(`${service.url}/notes`, { method: 'POST', headers });
  }

  it('lets a client write with the scope write', async () => {
    const { status, body } = await write(await tokenWith());
    expect({ status, body }).toEqual({ status: 201, body: { writtenBy: 'billing' } });
  });

  it('keeps it out with the scope read alone', async () => {
    const { status, headers, body } = await write(await tokenWith({ scope: 'read' }));
    expect({ status, error: body.error }).toEqual({ status: 403, error: 'insufficient_scope' });
    expect(headers.get('www-authenticate')).toBe(
      'Bearer realm="api", error="insufficient_scope", scope="write"',
    );
  });

  it.each<[string, () => string | Promise<string>]>([
    ['for another service', () => tokenWith({ aud: 'https://other.example.com' })],
    ['of another issuer', () => tokenWith({ iss: 'https://evil.example.com' })],
    ['that nobody issued', () => 'a'.repeat(30)],
    ['that is too long', () => 'a'.repeat(10_000)],
    ['that is empty', () => ''],
  ])('refuses a token %s', async (_what, token) => {
    const { status, headers, body } = await write(await token());
    expect({ status, type: headers.get('content-type'), error: body.error }).toEqual({
      status: 401,
      type: 'application/problem+json',
      error: 'invalid_token',
    });
  });

  it('says 503 where nobody can tell, and why in its log', async () => {
    const foreign = await sign(issuer.claims(AUDIENCE), await makeKey('unknown'));
    issuer.broken = 500;
    const stranger = await installed.start({
      VERIFIER: verifier,
      ISSUER: issuer.issuer,
      AUDIENCE,
      CLIENT_ID: INTROSPECTOR.clientId,
      CLIENT_SECRET: INTROSPECTOR.clientSecret,
    });
    const { status, headers } = await send(`${stranger.url}/notes`, {
      headers: { Authorization: `Bearer ${foreign}` },
    });
    await stranger.stop();
    issuer.broken = undefined;
    expect({ status, retry: headers.get('retry-after') }).toEqual({ status: 503, retry: '1' });
    expect(stranger.output()).toContain(
      `${issuer.issuer}/.well-known/oauth-authorization-server answered 500`,
    );
    expect(stranger.output()).not.toContain(foreign);
  });
});
