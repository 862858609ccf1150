import { createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { z } from 'zod';
import { normalizedResource } from '../protocol/resource-indicator.js';
import { urlPerHost } from './database-hosts.js';

/** The longest life that an access token can be given: the look-up reads no further ahead. */
export const LONGEST_TOKEN_TTL_SECONDS = 86_400;

/**
 * The longest life of a JWT: services that check one by themselves learn of a revocation only when
 * it is over.
 */
export const LONGEST_JWT_TTL_SECONDS = 3600;

const CLIENT_ID = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;
const CLIENT_SECRET = /^[A-Za-z0-9._~-]{32,128}$/;
/** 32 bytes in base64 or base64url. */
const KEY_OF_32_BYTES = /^[A-Za-z0-9+/_-]{42}[AEIMQUYcgkosw048]=?$/;

const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most, {
      error: `must be a whole number from ${least} to ${most}`,
    })
    .transform(Number);

const postgresUrl = z
  .string()
  .refine((text) => /^postgres(ql)?:\/\/./.test(text) && urlPerHost(text).every(isOneUrl), {
    error: 'must be a URL such as postgres://user:password@host:5432/database',
  });

const listOf = (fits: (entry: string) => boolean, error: string) =>
  z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter((entry) => entry !== ''))
    .refine((entries) => entries.every(fits), { error });

/**
 * Every setting, once: its check, its default and its line in the README's table. The names are
 * those of the environment.
 */
const SCHEMA = z.object({
  PORT: wholeNumber(1, 65_535)
    .prefault('3000')
    .meta({ shown: '`3000`', description: 'the port to listen on' }),
  HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:_%-]{1,253}$/, {
      error: 'must be an address or a host name, such as 127.0.0.1 or 0.0.0.0',
    })
    .prefault('127.0.0.1')
    .meta({
      shown: '`127.0.0.1`',
      description: 'the address to listen on; `0.0.0.0` for every one (the image sets it)',
    }),
  PUBLIC_URL: z
    .string()
    .refine((text) => /^https?:\/\/[^\s\p{Cc}?#@]+(?<!\/)$/u.test(text) && URL.canParse(text), {
      error: 'must be an http(s) URL without a user, a query, a fragment or a trailing slash',
    })
    .optional()
    .meta({
      shown: '`http://localhost:$PORT`',
      description: 'the issuer, and the start of every absolute URL that the server writes',
    }),
  WORKERS: wholeNumber(1, 128).prefault('1').meta({
    shown: '`1`',
    description: 'processes that serve; from 2 on, one more supervises them',
  }),
  DATABASE_URL: postgresUrl.optional().meta({
    secret: true,
    shown: 'none: an embedded PostgreSQL under `DATA_DIR`',
    description:
      'PostgreSQL 15 or later, as `postgres://user:password@host:5432/database`; several hosts (`a:5432,b:5432`): the primary of them',
  }),
  MIGRATION_DATABASE_URL: postgresUrl.optional().meta({
    secret: true,
    shown: '`DATABASE_URL`',
    description:
      'for migrations and partitions, where the serving role owns no table or sits behind a pooler',
  }),
  DB_POOLER: z
    .enum(['none', 'transaction'], { error: 'must be none or transaction' })
    .prefault('none')
    .meta({
      shown: '`none`',
      description:
        '`transaction` behind PgBouncer in that mode, or the like; needs `MIGRATION_DATABASE_URL`',
    }),
  DB_POOL_SIZE: wholeNumber(1, 1000)
    .prefault('10')
    .meta({ shown: '`10`', description: 'connections to the database of each process, at most' }),
  DB_TIMEOUT_MS: wholeNumber(100, 4000).prefault('2000').meta({
    shown: '`2000`',
    description:
      'how long a call to the database may take before the answer is 503, which comes half a second later at most',
  }),
  DB_WAIT_S: wholeNumber(0, 3600).prefault('60').meta({
    shown: '`60`',
    description: 'how long the start waits for an external database that does not answer yet',
  }),
  DATA_DIR: z.string().prefault('.data').meta({
    shown: '`.data`',
    description: 'the embedded database’s files, and the first admin client’s',
  }),
  ADMIN_CLIENT_ID: z
    .string()
    .regex(CLIENT_ID, {
      error: 'must be 1 to 128 of A-Z a-z 0-9 . _ ~ - and begin with a letter or digit',
    })
    .optional()
    .meta({
      shown: 'none',
      description: 'the first admin client, made at the start where there is none of this id',
    }),
  ADMIN_CLIENT_SECRET: z
    .string()
    .regex(CLIENT_SECRET, { error: 'must be 32 to 128 of A-Z a-z 0-9 . _ ~ -' })
    .optional()
    .meta({
      secret: true,
      shown: 'none',
      description: 'its secret; where `ADMIN_CLIENT_SECRET_FILE` names no file yet, one is made',
    }),
  ACCESS_TOKEN_TTL: wholeNumber(60, LONGEST_TOKEN_TTL_SECONDS).prefault('36000').meta({
    shown: '`36000`',
    description: 'seconds that a token lives, where its client says nothing else',
  }),
  JWT_ALGORITHM: z
    .enum(['EdDSA', 'ES256', 'RS256'], { error: 'must be EdDSA, ES256 or RS256' })
    .prefault('EdDSA')
    .meta({
      shown: '`EdDSA`',
      description: 'what new keys sign JWTs with: `EdDSA` (Ed25519), `ES256` or `RS256`',
    }),
  KEY_ENCRYPTION_KEY: z
    .string()
    .regex(KEY_OF_32_BYTES, {
      error: 'must be 32 bytes in base64: make one with openssl rand -base64 32',
    })
    .optional()
    .meta({
      secret: true,
      shown: 'none (embedded: one is made in `DATA_DIR`)',
      description:
        'encrypts the signing keys in the database: 32 bytes in base64 (`openssl rand -base64 32`)',
    }),
  SIGNING_KEY_ROTATION_DAYS: wholeNumber(1, 3650).prefault('90').meta({
    shown: '`90`',
    description: 'days that a key signs before the next one takes its place',
  }),
  DEFAULT_AUDIENCE: z
    .string()
    .refine((text) => normalizedResource(text) !== undefined, {
      error: 'must be an absolute URI without a fragment',
    })
    .optional()
    .meta({ shown: '`$PUBLIC_URL`', description: 'the audience of this API' }),
  TOKEN_QUEUE_LIMIT: wholeNumber(1, 1_000_000).prefault('5000').meta({
    shown: '`5000`',
    description: 'tokens that may wait to be written; the answer to one more is 503',
  }),
  // A thousand callers that each wait for their answer are served; where one takes 0.2 ms, the last
  // of them waits 0.2 s. 2,000 idle connections were measured at some 20 MB.
  MAX_REQUESTS: wholeNumber(1, 100_000).prefault('1024').meta({
    shown: '`1024`',
    description:
      'requests under way at once in each process; the answer to one more is 503 at once',
  }),
  MAX_CONNECTIONS: wholeNumber(1, 1_000_000).prefault('4096').meta({
    shown: '`4096`',
    description: 'connections from callers to each process; one more is closed at once',
  }),
  STALE_VERDICTS_S: wholeNumber(0, 86_400).prefault('0').meta({
    shown: '`0`',
    description:
      'seconds for which a node without its database goes on to accept tokens that it knows; what is revoked meanwhile lives so much longer',
  }),
  AUDIT_RETENTION_DAYS: wholeNumber(1, 36_500).prefault('400').meta({
    shown: '`400`',
    description: 'days that audit events are kept; they go by whole months',
  }),
  TRUST_PROXY: listOf(
    isAddressOrRange,
    'must be addresses or CIDR ranges separated by commas, such as 10.0.0.0/8',
  )
    .optional()
    .meta({
      shown: 'none',
      description: 'addresses (CIDR) of the proxies whose forwarded headers count',
    }),
  CORS_ORIGINS: listOf(
    isOrigin,
    'must be origins separated by commas, such as https://app.example.com',
  )
    .optional()
    .meta({ shown: 'none', description: 'origins whose pages may call this API from a browser' }),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
      error: 'must be fatal, error, warn, info, debug, trace or silent',
    })
    .prefault('info')
    .meta({
      shown: '`info`',
      description: 'the least level that is logged; from `debug` on each client that authenticates',
    }),
  SHUTDOWN_DRAIN_MS: wholeNumber(0, 600_000).prefault('2000').meta({
    shown: '`2000`',
    description: 'how long requests are still accepted after SIGTERM, while readiness says 503',
  }),
  SHUTDOWN_GRACE_MS: wholeNumber(0, 600_000).prefault('15000').meta({
    shown: '`15000`',
    description: 'how long the running requests may then take to finish',
  }),
});

type Name = keyof typeof SCHEMA.shape;
type Parsed = z.output<typeof SCHEMA>;

/** The settings of a process: typed, checked, with the dependent defaults filled in. */
export interface Settings {
  readonly port: number;
  readonly host: string;
  readonly publicUrl: string;
  readonly workers: number;
  /** Undefined: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;
  readonly migrationDatabaseUrl: string | undefined;
  readonly dbPooler: 'none' | 'transaction';
  readonly dbPoolSize: number;
  readonly dbTimeoutMs: number;
  readonly dbWaitSeconds: number;
  /** Absolute. */
  readonly dataDir: string;
  /** Undefined where no `ADMIN_…` setting is given. */
  readonly admin: AdminSettings | undefined;
  readonly accessTokenTtlSeconds: number;
  readonly jwtAlgorithm: Parsed['JWT_ALGORITHM'];
  /** Undefined: no client can get JWTs. */
  readonly keyEncryptionKey: KeyObject | undefined;
  readonly signingKeyRotationDays: number;
  readonly defaultAudience: string;
  readonly tokenQueueLimit: number;
  readonly maxRequests: number;
  readonly maxConnections: number;
  readonly staleVerdictsSeconds: number;
  readonly auditRetentionDays: number;
  readonly trustProxy: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly logLevel: Parsed['LOG_LEVEL'];
  readonly shutdownDrainMs: number;
  readonly shutdownGraceMs: number;
}

/** The first admin client, as the environment names it. */
export interface AdminSettings {
  readonly clientId: string;
  /** Undefined: the file isn't there yet, and a secret is to be made and written to it. */
  readonly clientSecret: string | undefined;
  /** Absolute; undefined where the secret itself was given. */
  readonly clientSecretFile: string | undefined;
}

/** Wrong settings: all of them at once, each in one line that names it and says what it takes. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(readonly lines: readonly string[]) {
    super(lines.join('\n'));
  }
}

/** A row of the README's table of settings. */
export interface SettingDescription {
  readonly name: string;
  /** The default, as text for a reader. */
  readonly shown: string;
  readonly description: string;
  /** Whether it can be given as `…_FILE` too. */
  readonly secret: boolean;
}

/** Describes every setting, in the order of the README's table. */
export function describeSettings(): SettingDescription[] {
  return names().map((name) => {
    const { shown, description, secret } = SCHEMA.shape[name].meta() ?? {};
    return {
      name,
      shown: String(shown),
      description: String(description),
      secret: secret === true,
    };
  });
}

/**
 * Reads the settings. An empty value counts as none, as compose files leave them.
 *
 * @param environment names and values, as in `process.env`
 * @throws SettingsError that names every wrong one; never with a value in it
 */
export function loadSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const faults: string[] = [];
  const given = Object.fromEntries(
    names().map((name) => [name, givenValue(name, environment, faults)]),
  );
  const parsed = SCHEMA.safeParse(given);
  for (const { path, message } of parsed.error?.issues ?? []) {
    faults.push(`${path.join('.')} ${message}`);
  }
  const adminSecretFile = environment.ADMIN_CLIENT_SECRET_FILE || undefined;
  faults.push(...pairFaults(given, adminSecretFile));
  if (!parsed.success || faults.length > 0) throw new SettingsError(faults);
  return settingsOf(parsed.data, adminSecretFile);
}

function names(): Name[] {
  return Object.keys(SCHEMA.shape) as Name[];
}

/** The value of a setting: its own, or what its `…_FILE` holds, without the last line break. */
function givenValue(
  name: Name,
  environment: Readonly<Record<string, string | undefined>>,
  faults: string[],
): string | undefined {
  const own = environment[name] || undefined;
  const file = environment[`${name}_FILE`] || undefined;
  if (file === undefined || SCHEMA.shape[name].meta()?.secret !== true) return own;
  if (own !== undefined) faults.push(`${name} and ${name}_FILE are both set: set one of them`);
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A secret that is still to be made is the one file that need not be there yet.
    if (name === 'ADMIN_CLIENT_SECRET' && code === 'ENOENT') return undefined;
    faults.push(`${name}_FILE names a file that can't be read (${code ?? 'unknown error'})`);
    return own;
  }
}

/** One of two settings that belong together is wrong. */
function pairFaults(
  given: Readonly<Partial<Record<string, string>>>,
  adminSecretFile: string | undefined,
): string[] {
  const faults: string[] = [];
  const hasSecret = given.ADMIN_CLIENT_SECRET !== undefined || adminSecretFile !== undefined;
  if (given.ADMIN_CLIENT_ID !== undefined && !hasSecret) {
    faults.push('ADMIN_CLIENT_ID needs ADMIN_CLIENT_SECRET or ADMIN_CLIENT_SECRET_FILE beside it');
  }
  if (given.ADMIN_CLIENT_ID === undefined && hasSecret) {
    faults.push('ADMIN_CLIENT_SECRET needs ADMIN_CLIENT_ID beside it');
  }
  if (given.MIGRATION_DATABASE_URL !== undefined && given.DATABASE_URL === undefined) {
    faults.push('MIGRATION_DATABASE_URL needs DATABASE_URL beside it');
  }
  if (given.DB_POOLER === 'transaction' && given.MIGRATION_DATABASE_URL === undefined) {
    // Migrations hold one connection for a lock while others work: a pooler could have none left.
    faults.push('DB_POOLER=transaction needs MIGRATION_DATABASE_URL beside it, past the pooler');
  }
  if (given.DB_POOLER === 'transaction' && urlPerHost(given.DATABASE_URL ?? '').length > 1) {
    faults.push('DATABASE_URL has several hosts: with DB_POOLER=transaction the pooler chooses');
  }
  return faults;
}

function settingsOf(parsed: Parsed, adminSecretFile: string | undefined): Settings {
  const publicUrl = parsed.PUBLIC_URL ?? `http://localhost:${parsed.PORT}`;
  return {
    port: parsed.PORT,
    host: parsed.HOST,
    publicUrl,
    workers: parsed.WORKERS,
    databaseUrl: parsed.DATABASE_URL,
    migrationDatabaseUrl: parsed.MIGRATION_DATABASE_URL ?? parsed.DATABASE_URL,
    dbPooler: parsed.DB_POOLER,
    dbPoolSize: parsed.DB_POOL_SIZE,
    dbTimeoutMs: parsed.DB_TIMEOUT_MS,
    dbWaitSeconds: parsed.DB_WAIT_S,
    dataDir: resolve(parsed.DATA_DIR),
    admin: adminOf(parsed, adminSecretFile),
    accessTokenTtlSeconds: parsed.ACCESS_TOKEN_TTL,
    jwtAlgorithm: parsed.JWT_ALGORITHM,
    keyEncryptionKey:
      parsed.KEY_ENCRYPTION_KEY === undefined ? undefined : parseKey(parsed.KEY_ENCRYPTION_KEY),
    signingKeyRotationDays: parsed.SIGNING_KEY_ROTATION_DAYS,
    defaultAudience: parsed.DEFAULT_AUDIENCE ?? publicUrl,
    tokenQueueLimit: parsed.TOKEN_QUEUE_LIMIT,
    maxRequests: parsed.MAX_REQUESTS,
    maxConnections: parsed.MAX_CONNECTIONS,
    staleVerdictsSeconds: parsed.STALE_VERDICTS_S,
    auditRetentionDays: parsed.AUDIT_RETENTION_DAYS,
    trustProxy: parsed.TRUST_PROXY ?? [],
    corsOrigins: parsed.CORS_ORIGINS ?? [],
    logLevel: parsed.LOG_LEVEL,
    shutdownDrainMs: parsed.SHUTDOWN_DRAIN_MS,
    shutdownGraceMs: parsed.SHUTDOWN_GRACE_MS,
  };
}

function adminOf(parsed: Parsed, secretFile: string | undefined): AdminSettings | undefined {
  if (parsed.ADMIN_CLIENT_ID === undefined) return undefined;
  return {
    clientId: parsed.ADMIN_CLIENT_ID,
    clientSecret: parsed.ADMIN_CLIENT_SECRET,
    clientSecretFile: secretFile === undefined ? undefined : resolve(secretFile),
  };
}

/**
 * Reads a key of 32 bytes. It is held as Node's own object, which no log line can show.
 *
 * @param text base64, as `KEY_ENCRYPTION_KEY` takes it
 * @throws SettingsError
 */
export function parseKey(text: string): KeyObject {
  if (!KEY_OF_32_BYTES.test(text)) throw new SettingsError(['KEY_ENCRYPTION_KEY must be 32 bytes']);
  return createSecretKey(Buffer.from(text, 'base64'));
}

/** A host that is left out (`a,,b`) is a slip. */
function isOneUrl(text: string, _index: number, { length }: readonly string[]): boolean {
  return URL.canParse(text) && (length === 1 || new URL(text).hostname !== '');
}

function isUrl(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}

function isOrigin(text: string): boolean {
  return isUrl(text, ['http:', 'https:']) && new URL(text).origin === text;
}

function isAddressOrRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  if (bits === 0 || rest.length > 0) return false;
  // A range of everything is none that Express takes, and no proxy's.
  return prefix === undefined || (/^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= bits);
}
