import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { describeSettings, loadSettings, SettingsError } from './settings.js';

const SECRET = 'x'.repeat(32);
const CANARY = 'c4n4ry';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'postern-settings-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

function aFile(content: string, name = 'secret'): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
}

/** The lines with which settings are refused; none where they are taken. */
function faults(environment: Record<string, string | undefined>): readonly string[] {
  try {
    loadSettings(environment);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.lines;
    throw error;
  }
}

describe('no setting at all', () => {
  it('gives the defaults of the contract', () => {
    expect(loadSettings({})).toEqual({
      port: 3000,
      host: '127.0.0.1',
      publicUrl: 'http://localhost:3000',
      workers: 1,
      databaseUrl: undefined,
      migrationDatabaseUrl: undefined,
      dbPooler: 'none',
      dbPoolSize: 10,
      dbTimeoutMs: 2000,
      dbWaitSeconds: 60,
      dataDir: resolve('.data'),
      admin: undefined,
      accessTokenTtlSeconds: 36000,
      jwtAlgorithm: 'EdDSA',
      keyEncryptionKey: undefined,
      signingKeyRotationDays: 90,
      defaultAudience: 'http://localhost:3000',
      tokenQueueLimit: 5000,
      maxRequests: 1024,
      maxConnections: 4096,
      staleVerdictsSeconds: 0,
      auditRetentionDays: 400,
      trustProxy: [],
      corsOrigins: [],
      logLevel: 'info',
      shutdownDrainMs: 2000,
      shutdownGraceMs: 15000,
    });
  });

  it('is what empty settings are, as compose files leave them', () => {
    const names = describeSettings().map(({ name }) => name);
    const empty = [...names, ...names.map((name) => `${name}_FILE`)].map((name) => [name, '']);
    expect(loadSettings(Object.fromEntries(empty) as Record<string, string>)).toEqual(
      loadSettings({}),
    );
  });

  it('is what settings of other names are', () => {
    expect(loadSettings({ port: '1', PORTS: '1', __proto__: '1' })).toEqual(loadSettings({}));
  });
});

describe('dependent defaults', () => {
  it('follow the port, the public URL and the database', () => {
    const settings = loadSettings({ PORT: '8080', DATABASE_URL: 'postgres://u:p@h/d' });
    expect(settings.publicUrl).toBe('http://localhost:8080');
    expect(settings.defaultAudience).toBe('http://localhost:8080');
    expect(settings.migrationDatabaseUrl).toBe('postgres://u:p@h/d');
    expect(loadSettings({ PUBLIC_URL: 'https://a.example/b' }).defaultAudience).toBe(
      'https://a.example/b',
    );
  });

  it('give way to what is said', () => {
    const settings = loadSettings({
      PUBLIC_URL: 'https://a.example',
      DEFAULT_AUDIENCE: 'urn:example:api',
      DATABASE_URL: 'postgres://a/b',
      MIGRATION_DATABASE_URL: 'postgresql://c/d',
    });
    expect(settings).toMatchObject({
      publicUrl: 'https://a.example',
      defaultAudience: 'urn:example:api',
      databaseUrl: 'postgres://a/b',
      migrationDatabaseUrl: 'postgresql://c/d',
    });
  });
});

describe('a setting', () => {
  it.each<[string, string, Partial<ReturnType<typeof loadSettings>>]>([
    ['PORT', '1', { port: 1 }],
    ['PORT', '65535', { port: 65535 }],
    ['HOST', '0.0.0.0', { host: '0.0.0.0' }],
    [
      'PUBLIC_URL',
      'https://auth.example.com:8443/gate',
      { publicUrl: 'https://auth.example.com:8443/gate' },
    ],
    ['WORKERS', '4', { workers: 4 }],
    ['DB_WAIT_S', '0', { dbWaitSeconds: 0 }],
    ['DATA_DIR', '/var/lib/postern', { dataDir: '/var/lib/postern' }],
    ['ACCESS_TOKEN_TTL', '60', { accessTokenTtlSeconds: 60 }],
    ['ACCESS_TOKEN_TTL', '86400', { accessTokenTtlSeconds: 86400 }],
    ['JWT_ALGORITHM', 'ES256', { jwtAlgorithm: 'ES256' }],
    ['SIGNING_KEY_ROTATION_DAYS', '1', { signingKeyRotationDays: 1 }],
    ['TRUST_PROXY', '10.0.0.0/8', { trustProxy: ['10.0.0.0/8'] }],
    [
      'TRUST_PROXY',
      '127.0.0.1, ::1  2001:db8::/32,',
      { trustProxy: ['127.0.0.1', '::1', '2001:db8::/32'] },
    ],
    [
      'CORS_ORIGINS',
      'https://a.example,http://localhost:5173',
      { corsOrigins: ['https://a.example', 'http://localhost:5173'] },
    ],
    ['LOG_LEVEL', 'silent', { logLevel: 'silent' }],
    ['SHUTDOWN_DRAIN_MS', '0', { shutdownDrainMs: 0 }],
  ])('%s may be %s', (name, value, expected) => {
    expect(loadSettings({ [name]: value })).toMatchObject(expected);
  });

  it.each<[string, string]>([
    ['PORT', '0'],
    ['PORT', '65536'],
    ['PORT', `80${CANARY}`],
    ['PORT', '3000.5'],
    ['PORT', '-1'],
    ['PORT', ' 3000'],
    ['PORT', '1e3'],
    ['PORT', '0x50'],
    ['PORT', '９'],
    ['PUBLIC_URL', CANARY],
    ['PUBLIC_URL', `ftp://${CANARY}`],
    ['PUBLIC_URL', `https://${CANARY}/`],
    ['PUBLIC_URL', `https://${CANARY}?a`],
    ['PUBLIC_URL', `https://${CANARY}#a`],
    ['DATABASE_URL', `mysql://user:${CANARY}@host/d`],
    ['DATABASE_URL', `host=h password=${CANARY}`],
    ['DB_POOLER', CANARY],
    ['DATABASE_URL', 'postgres://u:p@a:5432,b:x/d'],
    ['DATABASE_URL', 'postgres://u:p@a,,b/d'],
    ['DB_POOL_SIZE', '0'],
    ['DB_TIMEOUT_MS', '99'],
    ['DB_TIMEOUT_MS', '4001'],
    ['DB_WAIT_S', '3601'],
    ['ACCESS_TOKEN_TTL', '59'],
    ['ACCESS_TOKEN_TTL', '86401'],
    ['JWT_ALGORITHM', 'HS256'],
    ['JWT_ALGORITHM', 'none'],
    ['KEY_ENCRYPTION_KEY', CANARY],
    ['KEY_ENCRYPTION_KEY', Buffer.alloc(31, CANARY).toString('base64')],
    ['KEY_ENCRYPTION_KEY', Buffer.alloc(33, CANARY).toString('base64')],
    ['KEY_ENCRYPTION_KEY', Buffer.alloc(32, CANARY).toString('hex')],
    ['SIGNING_KEY_ROTATION_DAYS', '0'],
    ['DEFAULT_AUDIENCE', CANARY],
    ['DEFAULT_AUDIENCE', `https://${CANARY}/#a`],
    ['TOKEN_QUEUE_LIMIT', '0'],
    ['TRUST_PROXY', CANARY],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '10.0.0.0/8/8'],
    ['TRUST_PROXY', '10.0.0.0/'],
    ['TRUST_PROXY', '::/129'],
    ['TRUST_PROXY', '10.0.0.0/255.0.0.0'],
    ['TRUST_PROXY', `127.0.0.1, ${CANARY}`],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', `https://${CANARY}/`],
    ['CORS_ORIGINS', `https://${CANARY}/path`],
    ['CORS_ORIGINS', 'null'],
    ['LOG_LEVEL', CANARY],
    ['LOG_LEVEL', 'INFO'],
    ['SHUTDOWN_DRAIN_MS', '600001'],
    ['SHUTDOWN_GRACE_MS', CANARY],
  ])('%s can not be %s: one line names it and does not repeat the value', (name, value) => {
    const lines = faults({ [name]: value });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`^${name} must be [^\\n]+$`));
    expect(lines[0]).not.toContain(CANARY);
  });

  it.each(['base64', 'base64url'] as const)('KEY_ENCRYPTION_KEY may be in %s', (encoding) => {
    const key = Buffer.alloc(32, 0xfb);
    const { keyEncryptionKey } = loadSettings({ KEY_ENCRYPTION_KEY: key.toString(encoding) });
    expect(keyEncryptionKey?.export()).toEqual(key);
  });

  it('KEY_ENCRYPTION_KEY is in no text that the settings are made into', () => {
    const text = Buffer.alloc(32, CANARY).toString('base64');
    const settings = loadSettings({ KEY_ENCRYPTION_KEY: text });
    for (const shown of [JSON.stringify(settings), inspect(settings, { depth: 9 })]) {
      expect(shown).not.toMatch(/c4n4ry|63346e/);
      expect(shown).not.toContain(text);
    }
  });

  it.each([
    ['ADMIN_CLIENT_ID', '', '-begins', 'has blank', 'a:b', 'x'.repeat(129), 'ä'],
    ['ADMIN_CLIENT_SECRET', '', 'x'.repeat(31), 'x'.repeat(129), `${SECRET} `, `${SECRET}+`],
  ])('%s can not have other letters or another length', (name, _empty, ...wrong) => {
    for (const value of wrong) {
      const lines = faults({ ADMIN_CLIENT_ID: 'boss', ADMIN_CLIENT_SECRET: SECRET, [name]: value });
      expect(lines).toEqual([expect.stringMatching(new RegExp(`^${name} must be `))]);
      expect(lines[0]).not.toContain(value);
    }
  });

  // Express refuses the range 0.0.0.0/0 when the app is built: with a stack, and without the name.
  it.each(['0.0.0.0/0', '::/0'])('TRUST_PROXY can not be %s', (value) => {
    expect(faults({ TRUST_PROXY: value })).toHaveLength(1);
  });

  // The URL parser mends these in silence; what is shown as the issuer is the text itself.
  it.each([
    ' https://a.example',
    'https://a.exa\nmple',
    'https://a.example/b c',
    'https:a.example',
    'https://user:password@a.example',
  ])('PUBLIC_URL can not be %j', (value) => {
    expect(faults({ PUBLIC_URL: value })).toHaveLength(1);
  });

  it('HOST can not be what is neither a name nor an address', () => {
    expect(faults({ HOST: 'not a host' })).toHaveLength(1);
  });

  it('of any value is taken or refused in lines that name a setting and repeat no secret', () => {
    const names = describeSettings().map(({ name }) => name);
    const value = fc.string({ minLength: 1 }).map((text) => `${text}${CANARY}`);
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (environment) => {
        return faults(environment).every(
          (line) => names.some((name) => line.startsWith(name)) && !/c4n4ry|\n/.test(line),
        );
      }),
      { numRuns: 1000 },
    );
  });
});

describe('wrong settings', () => {
  it('are all told at once, one a line', () => {
    const environment = { PORT: 'x', LOG_LEVEL: 'x', DATABASE_URL: 'x', ADMIN_CLIENT_ID: '?' };
    const lines = faults(environment);
    expect(lines.map((line) => line.replace(/ .*/, '')).toSorted()).toEqual([
      'ADMIN_CLIENT_ID',
      'ADMIN_CLIENT_ID',
      'DATABASE_URL',
      'LOG_LEVEL',
      'PORT',
    ]);
    expect(() => loadSettings(environment)).toThrow(lines.join('\n'));
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'an id without a secret',
      { ADMIN_CLIENT_ID: 'boss' },
      'ADMIN_CLIENT_ID needs ADMIN_CLIENT_SECRET or ADMIN_CLIENT_SECRET_FILE beside it',
    ],
    [
      'a secret without an id',
      { ADMIN_CLIENT_SECRET: SECRET },
      'ADMIN_CLIENT_SECRET needs ADMIN_CLIENT_ID beside it',
    ],
    [
      'the file of a secret without an id',
      { ADMIN_CLIENT_SECRET_FILE: '/nowhere/at/all' },
      'ADMIN_CLIENT_SECRET needs ADMIN_CLIENT_ID beside it',
    ],
    [
      'migrations without a database',
      { MIGRATION_DATABASE_URL: 'postgres://a/b' },
      'MIGRATION_DATABASE_URL needs DATABASE_URL beside it',
    ],
    [
      'a pooler without a way past it',
      { DATABASE_URL: 'postgres://a/b', DB_POOLER: 'transaction' },
      'DB_POOLER=transaction needs MIGRATION_DATABASE_URL beside it, past the pooler',
    ],
    [
      'several hosts and a pooler, which chooses',
      {
        DATABASE_URL: 'postgres://a,b/d',
        DB_POOLER: 'transaction',
        MIGRATION_DATABASE_URL: 'postgres://c,d/d',
      },
      'DATABASE_URL has several hosts: with DB_POOLER=transaction the pooler chooses',
    ],
  ])('are one of two that belong together: %s', (_what, environment, line) => {
    expect(faults(environment)).toEqual([line]);
  });

  it('are a pooler and the way past it', () => {
    const pooled = { DATABASE_URL: 'postgres://pooler/b', DB_POOLER: 'transaction' };
    const settings = loadSettings({ ...pooled, MIGRATION_DATABASE_URL: 'postgres://a/b' });
    expect(settings).toMatchObject({
      databaseUrl: 'postgres://pooler/b',
      migrationDatabaseUrl: 'postgres://a/b',
      dbPooler: 'transaction',
    });
  });
});

describe('a secret in a file', () => {
  it.each([
    ['', ''],
    ['a line break', '\n'],
    ['a Windows line break', '\r\n'],
  ])('is read without %s at its end', (_what, end) => {
    const url = 'postgres://user:password@host/database';
    expect(loadSettings({ DATABASE_URL_FILE: aFile(`${url}${end}`) }).databaseUrl).toBe(url);
  });

  it('can be that of the migrations and of the admin client too', () => {
    const settings = loadSettings({
      DATABASE_URL: 'postgres://a/b',
      MIGRATION_DATABASE_URL_FILE: aFile('postgres://c/d', 'migrations'),
      ADMIN_CLIENT_ID: 'boss',
      ADMIN_CLIENT_SECRET_FILE: aFile(`${SECRET}\n`, 'admin'),
    });
    expect(settings.migrationDatabaseUrl).toBe('postgres://c/d');
    expect(settings.admin).toEqual({
      clientId: 'boss',
      clientSecret: SECRET,
      clientSecretFile: join(directory, 'admin'),
    });
  });

  it('is judged like one given itself, and not repeated', () => {
    const environment = {
      ADMIN_CLIENT_ID: 'boss',
      ADMIN_CLIENT_SECRET_FILE: aFile(`${SECRET}\n\n`),
    };
    expect(faults(environment)).toEqual([
      'ADMIN_CLIENT_SECRET must be 32 to 128 of A-Z a-z 0-9 . _ ~ -',
    ]);
    expect(faults({ DATABASE_URL_FILE: aFile(CANARY) })[0]).not.toContain(CANARY);
  });

  it('that is empty is wrong, not left out', () => {
    expect(faults({ DATABASE_URL_FILE: aFile('') })).toHaveLength(1);
  });

  it('can not be given beside the secret itself', () => {
    const file = aFile(SECRET);
    expect(
      faults({
        ADMIN_CLIENT_ID: 'boss',
        ADMIN_CLIENT_SECRET: SECRET,
        ADMIN_CLIENT_SECRET_FILE: file,
      }),
    ).toEqual(['ADMIN_CLIENT_SECRET and ADMIN_CLIENT_SECRET_FILE are both set: set one of them']);
  });

  it.each([
    ['does not exist', 'missing', 'ENOENT'],
    ['is a directory', '.', 'EISDIR'],
  ])('that %s is wrong, and told by the cause alone', (_what, name, cause) => {
    expect(faults({ DATABASE_URL_FILE: join(directory, name) })).toEqual([
      `DATABASE_URL_FILE names a file that can't be read (${cause})`,
    ]);
  });

  it('may be yet to be made, for the admin client alone', () => {
    const file = join(directory, 'to-be-made');
    const { admin } = loadSettings({ ADMIN_CLIENT_ID: 'boss', ADMIN_CLIENT_SECRET_FILE: file });
    expect(admin).toEqual({ clientId: 'boss', clientSecret: undefined, clientSecretFile: file });
  });

  it('of the admin client that is there but can not be read is wrong', () => {
    expect(faults({ ADMIN_CLIENT_ID: 'boss', ADMIN_CLIENT_SECRET_FILE: directory })).toEqual([
      "ADMIN_CLIENT_SECRET_FILE names a file that can't be read (EISDIR)",
    ]);
  });

  it('is for secrets: no other setting has a file', () => {
    expect(loadSettings({ PORT_FILE: aFile('4000') }).port).toBe(3000);
  });

  it('given itself has no file', () => {
    const { admin } = loadSettings({ ADMIN_CLIENT_ID: 'boss', ADMIN_CLIENT_SECRET: SECRET });
    expect(admin).toEqual({ clientId: 'boss', clientSecret: SECRET, clientSecretFile: undefined });
  });
});

describe('the table of settings', () => {
  it('has a description and a default for each, and says which are secret', () => {
    const rows = describeSettings();
    for (const { name, shown, description } of rows) {
      expect(name).toMatch(/^[A-Z][A-Z_]+$/);
      expect(shown).toMatch(/\S/);
      expect(description).toMatch(/^\S.*[^.]$/);
      expect(`${shown}${description}`).not.toContain('undefined');
    }
    expect(rows.filter(({ secret }) => secret).map(({ name }) => name)).toEqual([
      'DATABASE_URL',
      'MIGRATION_DATABASE_URL',
      'ADMIN_CLIENT_SECRET',
      'KEY_ENCRYPTION_KEY',
    ]);
  });

  it.each([
    'PORT',
    'HOST',
    'PUBLIC_URL',
    'DATABASE_URL',
    'MIGRATION_DATABASE_URL',
    'DB_POOLER',
    'DATA_DIR',
    'ADMIN_CLIENT_ID',
    'ADMIN_CLIENT_SECRET',
    'ACCESS_TOKEN_TTL',
    'DEFAULT_AUDIENCE',
    'TRUST_PROXY',
    'CORS_ORIGINS',
    'LOG_LEVEL',
    'DB_WAIT_S',
    'SHUTDOWN_DRAIN_MS',
    'SHUTDOWN_GRACE_MS',
  ])('has %s, which the contract names', (name) => {
    expect(describeSettings().map((row) => row.name)).toContain(name);
  });
});
