import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { aManagedClient } from '../../../test/support/managed-clients.js';
import { DomainError } from '../../errors/domain-error.js';
import { audited, changed, sameSettings, settingsOf, type ClientChange } from './client-change.js';

const CATALOGUE = ['read', 'write', 'admin', 'introspection', 'invoices:read'];

function faultsOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return (error as DomainError).context.errors;
  }
  return [];
}

describe('the settings of a new client', () => {
  it('are the usual ones where nothing is said', () => {
    expect(settingsOf({ clientName: 'x', scopes: ['write', 'read'] }, CATALOGUE)).toEqual({
      clientName: 'x',
      description: '',
      scopes: ['read', 'write'],
      defaultScopes: ['read', 'write'],
      grantTypes: ['client_credentials'],
      tokenEndpointAuthMethod: null,
      resources: [],
      accessTokenFormat: 'opaque',
      accessTokenTtlSeconds: null,
      allowedIps: [],
      enabled: true,
      contacts: [],
      selfRotation: false,
      tokenQuota: null,
    });
  });

  it('undefined counts as nothing said', () => {
    const said = { clientName: 'x', scopes: ['read', 'admin'], defaultScopes: undefined };
    expect(settingsOf(said, CATALOGUE).defaultScopes).toEqual(['read']);
  });

  it('name every fault, once', () => {
    const wrong = { scopes: ['fly'], contacts: ['x'], tokenQuota: 0 };
    expect(faultsOf(() => settingsOf(wrong, CATALOGUE))).toEqual([
      { pointer: '/client_name', detail: expect.any(String) },
      { pointer: '/contacts', detail: expect.stringContaining('entry 1') },
      { pointer: '/token_quota', detail: expect.any(String) },
      { pointer: '/scope', detail: expect.stringContaining('does not exist') },
    ]);
  });

  it('are checked by the rules of their properties, whoever asks', () => {
    const change = { clientName: 'a\0', scopes: ['read'] };
    expect(faultsOf(() => settingsOf(change, CATALOGUE))).toMatchObject([
      { pointer: '/client_name' },
    ]);
  });

  it('fold what is there twice', () => {
    const settings = settingsOf(
      {
        clientName: 'x',
        scopes: ['read', 'read'],
        resources: ['https://API.example.com', 'https://api.example.com/', 'urn:x:y'],
        allowedIps: ['::1', '::1'],
        contacts: ['a@b', 'a@b'],
        grantTypes: ['client_credentials', 'client_credentials'],
      },
      CATALOGUE,
    );
    expect(settings).toMatchObject({
      scopes: ['read'],
      resources: ['https://API.example.com', 'urn:x:y'],
      allowedIps: ['::1'],
      contacts: ['a@b'],
      grantTypes: ['client_credentials'],
    });
  });
});

describe('the settings after a change', () => {
  const before = aManagedClient({
    scopes: ['read', 'write', 'admin'],
    defaultScopes: ['read', 'write'],
  });

  it.each<[string, ClientChange, readonly string[], readonly string[]]>([
    ['narrowed', { scopes: ['read', 'admin'] }, ['read', 'admin'], ['read']],
    ['widened', { scopes: CATALOGUE }, CATALOGUE, ['read', 'write']],
    [
      'narrowed with a default',
      { scopes: ['read', 'admin'], defaultScopes: ['admin'] },
      ['read', 'admin'],
      ['admin'],
    ],
    ['put back', { defaultScopes: null }, ['read', 'write', 'admin'], ['read', 'write']],
    ['emptied', { defaultScopes: [] }, ['read', 'write', 'admin'], []],
  ])('scopes %s', (_how, change, scopes, defaultScopes) => {
    expect(changed(before, change, CATALOGUE)).toMatchObject({ scopes, defaultScopes });
  });

  it.each<[string, ClientChange, string]>([
    ['a default beyond the scope', { defaultScopes: ['introspection'] }, '/default_scope'],
    [
      'a default beyond a scope narrowed at once',
      { scopes: ['read'], defaultScopes: ['write'] },
      '/default_scope',
    ],
    [
      'a JWT that lives longer than an hour',
      { accessTokenFormat: 'jwt', accessTokenTtlSeconds: 3601 },
      '/access_token_ttl',
    ],
    ['no scope', { scopes: null }, '/scope'],
    ['an empty scope', { scopes: [] }, '/scope'],
    ['no name', { clientName: null }, '/client_name'],
  ])('refuse %s', (_what, change, pointer) => {
    expect(faultsOf(() => changed(before, change, CATALOGUE))).toMatchObject([{ pointer }]);
  });

  it('refuse JWTs to a client whose tokens live longer, and a longer life to one that gets JWTs', () => {
    const opaque = aManagedClient({ accessTokenTtlSeconds: 36_000 });
    const jwt = aManagedClient({ accessTokenFormat: 'jwt' });
    for (const [client, change] of [
      [opaque, { accessTokenFormat: 'jwt' }],
      [jwt, { accessTokenTtlSeconds: 3601 }],
    ] as const) {
      expect(faultsOf(() => changed(client, change, CATALOGUE))).toMatchObject([
        { pointer: '/access_token_ttl', detail: expect.stringContaining('at most 3600') },
      ]);
    }
    const both = { accessTokenFormat: 'jwt', accessTokenTtlSeconds: null } as const;
    expect(changed(opaque, both, CATALOGUE)).toMatchObject(both);
    const hour = { accessTokenTtlSeconds: 3600 };
    expect(changed(jwt, hour, CATALOGUE)).toMatchObject(hour);
  });

  it('lose a scope that the catalogue has no more', () => {
    expect(changed(before, { description: 'x' }, ['read', 'admin'])).toMatchObject({
      scopes: ['read', 'admin'],
      defaultScopes: ['read'],
    });
  });

  it('always have a default scope within the scope, and the scope within the catalogue', () => {
    const names = fc.option(fc.subarray(CATALOGUE), { nil: undefined });
    fc.assert(
      fc.property(names, names, fc.subarray(CATALOGUE), (scopes, defaultScopes, catalogue) => {
        let after;
        try {
          after = changed(before, { scopes, defaultScopes }, catalogue);
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
          return;
        }
        expect(catalogue).toEqual(expect.arrayContaining([...after.scopes]));
        expect(after.scopes).toEqual(expect.arrayContaining([...after.defaultScopes]));
      }),
      { numRuns: 2000 },
    );
  });

  it('are the same where nothing is different to a reader', () => {
    expect(sameSettings(before, changed(before, {}, CATALOGUE))).toBe(true);
    expect(sameSettings(before, changed(before, { enabled: false }, CATALOGUE))).toBe(false);
  });
});

describe('what the audit trail tells of a client', () => {
  it('are its settings and, of its secrets, what may be shown', () => {
    const told = audited(aManagedClient());
    expect(told).toMatchObject({ client_name: 'Billing', scope: 'read write' });
    expect(told.secrets).toEqual([
      { secret_id: expect.any(String), hint: 'abcd', expires_at: null },
    ]);
  });
});
