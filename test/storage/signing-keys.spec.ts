/** How signing keys are made and rotated, by several nodes on a real PostgreSQL. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Actor } from '../../src/audit/domain/audit-event.js';
import { SettingsError, type Settings } from '../../src/config/settings.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { makePartitions, type PartitionedTable } from '../../src/database/partitions.js';
import { AccessTokenReader } from '../../src/signing-keys/domain/access-token-reader.js';
import { AccessTokenSigner } from '../../src/signing-keys/domain/access-token-signer.js';
import { KeyRing } from '../../src/signing-keys/domain/key-ring.js';
import { keySetOf, type SigningKeySet } from '../../src/signing-keys/domain/signing-key.js';
import { SigningKeysService } from '../../src/signing-keys/domain/signing-keys.service.js';
import { SigningKeysKeeper } from '../../src/signing-keys/signing-keys.keeper.js';
import { PostgresSigningKeysRepository } from '../../src/signing-keys/storage/postgres-signing-keys.repository.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { aKeyEncryptionKey, ISSUER } from '../support/signing-keys.js';

/** Where rotations are recorded: the server makes its partitions before it makes keys. */
const AUDIT_EVENTS: PartitionedTable = {
  name: 'audit_event',
  column: 'time',
  period: 'month',
  ahead: 0,
  keepDays: 1,
};

const ACTOR: Actor = { name: 'os:test', address: null, requestId: null };

interface Node {
  readonly service: SigningKeysService;
  readonly keeper: SigningKeysKeeper;
  readonly ring: KeyRing;
  readonly signer: AccessTokenSigner;
  readonly reader: AccessTokenReader;
  readonly close: () => Promise<void>;
}

let database: TestDatabase;
let nodes: Node[];

beforeAll(() => Logger.overrideLogger(false));

beforeEach(async () => {
  database = await createDatabase();
  await makePartitions(database.url, AUDIT_EVENTS);
  nodes = [];
});

afterEach(async () => {
  for (const { close } of nodes) await close();
  await database.drop();
});

/** A process of the server, as far as keys go. */
async function aNode(
  settings: Partial<
    Pick<Settings, 'jwtAlgorithm' | 'keyEncryptionKey' | 'signingKeyRotationDays'>
  > = {},
): Promise<Node> {
  const dataSource = new DataSource(
    dataSourceOptions({ url: database.url, poolSize: 2, timeoutMs: 2000, pooler: 'none' }),
  );
  await dataSource.initialize();
  const all = {
    jwtAlgorithm: 'EdDSA' as const,
    keyEncryptionKey: aKeyEncryptionKey(),
    signingKeyRotationDays: 90,
    ...settings,
  };
  const repository = new PostgresSigningKeysRepository(dataSource);
  const service = new SigningKeysService(repository, all);
  const ring = new KeyRing(repository, all);
  const keeper = new SigningKeysKeeper(service, ring);
  const node = {
    service,
    ring,
    keeper,
    signer: new AccessTokenSigner(ring),
    reader: new AccessTokenReader(ring, { publicUrl: ISSUER }),
    close: async () => {
      keeper.onModuleDestroy();
      await dataSource.destroy();
    },
  };
  nodes.push(node);
  return node;
}

async function keysOf({ service }: Node): Promise<SigningKeySet> {
  return keySetOf(await service.list());
}

/** Lets time pass for the keys. */
async function age(seconds: number): Promise<void> {
  await database.query(
    `UPDATE oauth_signing_key SET created_at = created_at - make_interval(secs => $1),
       activated_at = activated_at - make_interval(secs => $1),
       retired_at = retired_at - make_interval(secs => $1)`,
    [seconds],
  );
}

const rotations = (): Promise<{ actor: string; changes: Record<string, unknown> }[]> =>
  database.query(
    `SELECT actor, changes FROM audit_event WHERE action = 'signing_key.rotated' ORDER BY "time"`,
  );

function sign({ signer }: Node): Promise<string> {
  const issuedAt = Math.floor(Date.now() / 1000);
  return signer.sign({
    jti: 'x',
    issuer: ISSUER,
    clientId: 'c',
    scopes: [],
    audience: ['urn:x:y'],
    issuedAt,
    expiresAt: issuedAt + 60,
  });
}

describe('the first start', () => {
  it('of four nodes at once makes one key that signs and one that is next, and records it', async () => {
    const started = await Promise.all([aNode(), aNode(), aNode(), aNode()]);
    await Promise.all(started.map(({ keeper }) => keeper.start()));
    const rows = await database.query('SELECT kid FROM oauth_signing_key');
    expect(rows).toHaveLength(2);
    const { current, next } = await keysOf(started[0]);
    expect(await rotations()).toEqual([
      {
        actor: 'os:start',
        changes: {
          current: { from: null, to: current?.kid },
          next: { from: null, to: next?.kid },
        },
      },
    ]);
    const token = await sign(started[0]);
    for (const { reader } of started) expect(await reader.read(token)).toMatchObject({ jti: 'x' });
  });

  it('makes nothing without a key to encrypt under, and shows what others made', async () => {
    const bare = await aNode({ keyEncryptionKey: undefined });
    await bare.keeper.start();
    expect(await bare.service.list()).toEqual([]);
    const other = await aNode();
    await other.keeper.start();
    await bare.keeper.keep();
    expect(await bare.ring.published()).toHaveLength(2);
  });

  it('keeps no private key in clear', async () => {
    const node = await aNode({ jwtAlgorithm: 'RS256' });
    await node.service.ensure(ACTOR);
    const dump = JSON.stringify([
      await database.query('SELECT * FROM oauth_signing_key'),
      await database.query('SELECT * FROM audit_event'),
    ]);
    expect(dump).not.toMatch(/"(d|p|q|dp|dq|qi)":/);
  });
});

describe('a later start', () => {
  it('leaves the keys as they are', async () => {
    const node = await aNode();
    await node.service.ensure(ACTOR);
    const before = await keysOf(node);
    await (await aNode()).service.ensure(ACTOR);
    expect((await keysOf(node)).current?.kid).toBe(before.current?.kid);
    expect((await keysOf(node)).next?.kid).toBe(before.next?.kid);
  });

  it('under another key is refused in one line, and changes nothing', async () => {
    await (await aNode()).service.ensure(ACTOR);
    const before = await database.query('SELECT * FROM oauth_signing_key ORDER BY kid');
    const wrong = await aNode({ keyEncryptionKey: aKeyEncryptionKey(2) });
    await expect(wrong.keeper.start()).rejects.toThrow(SettingsError);
    await expect(wrong.service.rotate(ACTOR, { force: false })).rejects.toThrow(
      /^KEY_ENCRYPTION_KEY [^\n]+$/,
    );
    expect(await database.query('SELECT * FROM oauth_signing_key ORDER BY kid')).toEqual(before);
  });

  it('at the very moment of the first, under another key, is refused too', async () => {
    const one = await aNode();
    const other = await aNode({ keyEncryptionKey: aKeyEncryptionKey(2) });
    const ended = await Promise.allSettled([one.keeper.start(), other.keeper.start()]);
    expect(ended.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('with another algorithm makes a next key of it; the present one goes on', async () => {
    const old = await aNode();
    await old.keeper.start();
    const token = await sign(old);
    const before = await keysOf(old);
    const node = await aNode({ jwtAlgorithm: 'ES256' });
    await node.keeper.start();
    const { current, next } = await keysOf(node);
    expect(current?.kid).toBe(before.current?.kid);
    expect(next?.algorithm).toBe('ES256');
    await age(900);
    await node.service.rotate(ACTOR, { force: false });
    await node.ring.reload();
    expect(await node.reader.read(token)).toBeDefined();
    expect((await node.ring.signing()).algorithm).toBe('ES256');
    expect(await node.reader.read(await sign(node))).toBeDefined();
  });
});

describe('a rotation', () => {
  it('lets the published next key sign, retires the present one for good, and makes another', async () => {
    const node = await aNode();
    await node.service.ensure(ACTOR);
    await age(900);
    const before = await keysOf(node);
    await node.service.rotate(ACTOR, { force: false });
    const { current, next, retired } = await keysOf(node);
    expect(current?.kid).toBe(before.next?.kid);
    expect(next?.kid).not.toBe(before.next?.kid);
    expect(retired).toMatchObject([{ kid: before.current?.kid, sealed: null }]);
    expect(await rotations()).toMatchObject([
      {},
      { actor: 'os:test', changes: { current: { from: before.current?.kid, to: current?.kid } } },
    ]);
  });

  it('is refused where the next key was not published for a quarter of an hour', async () => {
    const node = await aNode();
    await node.service.ensure(ACTOR);
    await age(890);
    await expect(node.service.rotate(ACTOR, { force: false })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/ 89\d seconds ago.*in (9|10) seconds/),
    });
    expect((await keysOf(node)).retired).toEqual([]);
    await node.service.rotate(ACTOR, { force: true });
    expect((await keysOf(node)).retired).toHaveLength(1);
  });

  it('that two start at once happens once', async () => {
    const [one, two] = await Promise.all([aNode(), aNode()]);
    await one.service.ensure(ACTOR);
    await age(900);
    const options = { force: false };
    const ended = await Promise.allSettled([
      one.service.rotate(ACTOR, options),
      two.service.rotate(ACTOR, options),
    ]);
    expect(ended.filter((end) => end.status === 'fulfilled' && end.value)).toHaveLength(1);
    expect((await keysOf(one)).retired).toHaveLength(1);
  });

  it('is known to another node at once when it is shown the new key’s token', async () => {
    const [one, two] = await Promise.all([aNode(), aNode()]);
    await one.keeper.start();
    await two.keeper.start();
    // Twice by force: the second node has never heard of the key that signs then.
    await one.service.rotate(ACTOR, { force: true });
    await one.service.rotate(ACTOR, { force: true });
    await one.ring.reload();
    const token = await sign(one);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await two.reader.read(token)).toMatchObject({ jti: 'x' });
  });

  it('keeps the retired key published until its last token has expired, and then deletes it', async () => {
    const node = await aNode();
    await node.service.ensure(ACTOR);
    await node.ring.reload();
    const token = await sign(node);
    await age(900);
    await node.service.rotate(ACTOR, { force: false });
    await age(3890);
    await node.ring.reload();
    expect(await node.reader.read(token)).toBeDefined();
    await age(10);
    await node.ring.reload();
    expect(await node.reader.read(token)).toBeUndefined();
    expect(await node.ring.published()).toHaveLength(2);
    await node.service.rotate(ACTOR, { force: false });
    expect(await database.query('SELECT kid FROM oauth_signing_key')).toHaveLength(3);
  });

  it('by force begins anew where the key to decrypt with is lost; old tokens are still checked', async () => {
    const old = await aNode();
    await old.keeper.start();
    const token = await sign(old);
    const node = await aNode({ keyEncryptionKey: aKeyEncryptionKey(2) });
    await node.service.rotate(ACTOR, { force: true });
    await node.keeper.start();
    expect(await node.reader.read(token)).toBeDefined();
    expect(await node.reader.read(await sign(node))).toBeDefined();
  });

  it('needs a key to encrypt under', async () => {
    const node = await aNode({ keyEncryptionKey: undefined });
    await expect(node.service.rotate(ACTOR, { force: true })).rejects.toThrow(
      /^KEY_ENCRYPTION_KEY is not set/,
    );
  });
});

describe('the keeper', () => {
  it('of several nodes rotates once when the key is old enough, and all sign with the new one', async () => {
    const started = await Promise.all([aNode(), aNode(), aNode()]);
    for (const { keeper } of started) await keeper.start();
    const before = await keysOf(started[0]);
    await age(90 * 86_400 - 60);
    await Promise.all(started.map(({ keeper }) => keeper.keep()));
    expect((await keysOf(started[0])).current?.kid).toBe(before.current?.kid);
    await age(60);
    await Promise.all(started.map(({ keeper }) => keeper.keep()));
    const after = await keysOf(started[0]);
    expect(after.current?.kid).toBe(before.next?.kid);
    expect(after.retired).toHaveLength(1);
    expect(await rotations()).toMatchObject([{}, { actor: 'os:timer' }]);
    for (const node of started) {
      await node.keeper.keep();
      expect((await node.ring.signing()).kid).toBe(after.current?.kid);
    }
  });

  it('waits with a rotation until the next key was published for long enough', async () => {
    const node = await aNode();
    await node.keeper.start();
    await age(91 * 86_400);
    await database.query(
      'UPDATE oauth_signing_key SET created_at = now() WHERE activated_at IS NULL',
    );
    expect(node.service.isDue(await keysOf(node))).toBe(false);
    await node.keeper.keep();
    expect((await keysOf(node)).retired).toEqual([]);
  });

  it('goes on where the database is out of reach', async () => {
    const node = await aNode();
    await node.keeper.start();
    await database.query('ALTER TABLE oauth_signing_key RENAME TO hidden');
    await expect(node.keeper.keep()).resolves.toBeUndefined();
    await database.query('ALTER TABLE hidden RENAME TO oauth_signing_key');
    expect(await node.reader.read(await sign(node))).toBeDefined();
  });
});
