import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  aKeyEncryptionKey,
  aSigningKey,
  FakeSigningKeysRepository,
} from '../../../test/support/signing-keys.js';
import { KeyRing } from './key-ring.js';
import { drawSigningKey } from './sealed-key.js';
import { SIGNING_ALGORITHMS, type SigningKey } from './signing-key.js';

const keyEncryptionKey = aKeyEncryptionKey();

const drawn = async (traits: Partial<SigningKey> = {}): Promise<SigningKey> =>
  aSigningKey(await drawSigningKey('EdDSA', keyEncryptionKey), traits);

const NEXT = { activatedAt: null };
const RETIRED = { retiredAt: new Date('2026-01-02T00:00:00Z'), sealed: null };

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
});

afterEach(() => {
  jest.useRealTimers();
});

describe('the key that signs', () => {
  it('is the current one, and is read no more often than once a minute', async () => {
    const current = await drawn();
    const repository = new FakeSigningKeysRepository([await drawn(NEXT), current]);
    const ring = new KeyRing(repository, { keyEncryptionKey });
    expect(await ring.signing()).toMatchObject({ kid: current.kid, algorithm: 'EdDSA' });
    jest.advanceTimersByTime(59_000);
    await ring.signing();
    expect(repository.reads).toBe(1);
  });

  it('is another one, within a minute, where the keys were rotated elsewhere', async () => {
    const repository = new FakeSigningKeysRepository([await drawn()]);
    const ring = new KeyRing(repository, { keyEncryptionKey });
    await ring.signing();
    const current = await drawn();
    repository.keys = [current];
    jest.advanceTimersByTime(60_000);
    expect((await ring.signing()).kid).toBe(current.kid);
  });

  it('is none where the store can not tell which it is now', async () => {
    const repository = new FakeSigningKeysRepository([await drawn()]);
    const ring = new KeyRing(repository, { keyEncryptionKey });
    await ring.signing();
    repository.failure = new Error('down');
    jest.advanceTimersByTime(60_000);
    await expect(ring.signing()).rejects.toThrow('down');
  });

  it.each<
    [string, () => Promise<SigningKey[]>, { keyEncryptionKey: typeof keyEncryptionKey | undefined }]
  >([
    ['no key', () => Promise.resolve([]), { keyEncryptionKey }],
    ['nothing to decrypt it with', async () => [await drawn()], { keyEncryptionKey: undefined }],
    [
      'another key to decrypt it with',
      async () => [await drawn()],
      { keyEncryptionKey: aKeyEncryptionKey(2) },
    ],
  ])('is none where there is %s: try again later, and no crash', async (_what, keys, settings) => {
    const ring = new KeyRing(new FakeSigningKeysRepository(await keys()), settings);
    await expect(ring.signing()).rejects.toMatchObject({ code: 'temporarily_unavailable' });
  });
});

describe('a key that checks', () => {
  it('is every published one, without anything to decrypt with', async () => {
    const keys = [await drawn(RETIRED), await drawn(), await drawn(NEXT)];
    const ring = new KeyRing(new FakeSigningKeysRepository(keys), { keyEncryptionKey: undefined });
    for (const { kid } of keys) expect(await ring.verifying(kid)).toBeDefined();
  });

  it('is looked for at once where it is not known, and not more than once a second', async () => {
    const repository = new FakeSigningKeysRepository([await drawn()]);
    const ring = new KeyRing(repository, { keyEncryptionKey });
    await ring.reload();
    jest.advanceTimersByTime(1000);
    const made = await drawn(NEXT);
    repository.keys.push(made);
    expect(await ring.verifying(made.kid)).toBeDefined();
    expect(repository.reads).toBe(2);
    await Promise.all(Array.from({ length: 100 }, (_, n) => ring.verifying(`unknown-${n}`)));
    expect(repository.reads).toBe(2);
    jest.advanceTimersByTime(1000);
    await Promise.all(Array.from({ length: 100 }, (_, n) => ring.verifying(`unknown-${n}`)));
    expect(repository.reads).toBe(3);
  });

  it('is waited for where a look for it is under way', async () => {
    const repository = new FakeSigningKeysRepository([await drawn()]);
    const ring = new KeyRing(repository, { keyEncryptionKey });
    await ring.reload();
    jest.advanceTimersByTime(1000);
    const made = await drawn(NEXT);
    repository.keys.push(made);
    const asked = await Promise.all([ring.verifying(made.kid), ring.verifying(made.kid)]);
    expect(asked).toEqual([expect.anything(), expect.anything()]);
    expect(repository.reads).toBe(2);
  });

  it('is not taken back by a look that began earlier and came in later', async () => {
    const repository = new FakeSigningKeysRepository([await drawn()]);
    const ring = new KeyRing(repository, { keyEncryptionKey });
    let release = (): void => undefined;
    repository.delay = () => new Promise((resolve) => (release = resolve));
    const early = ring.reload();
    repository.delay = () => Promise.resolve();
    const made = await drawn(NEXT);
    repository.keys = [...repository.keys, made];
    jest.advanceTimersByTime(10);
    await ring.reload();
    release();
    await early;
    expect(await ring.verifying(made.kid)).toBeDefined();
    expect(repository.reads).toBe(2);
  });

  it('is not denied where the store is out of reach', async () => {
    const repository = new FakeSigningKeysRepository();
    repository.failure = new Error('down');
    const ring = new KeyRing(repository, { keyEncryptionKey });
    await expect(ring.verifying('any')).rejects.toThrow('down');
  });
});

describe('the published keys', () => {
  it('are public members alone, also where the database has more', async () => {
    const keys = await Promise.all(
      SIGNING_ALGORITHMS.map(async (algorithm) => {
        const key = aSigningKey(await drawSigningKey(algorithm, keyEncryptionKey), RETIRED);
        return { ...key, publicJwk: { ...key.publicJwk, d: 'secret', p: 'secret', k: 'secret' } };
      }),
    );
    const ring = new KeyRing(new FakeSigningKeysRepository(keys), { keyEncryptionKey });
    const published = await ring.published();
    expect(published.map((jwk) => Object.keys(jwk).toSorted())).toEqual([
      ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
      ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
      ['alg', 'e', 'kid', 'kty', 'n', 'use'],
    ]);
    expect(JSON.stringify(published)).not.toContain('secret');
  });

  it('are still shown while the store is out of reach', async () => {
    const repository = new FakeSigningKeysRepository([await drawn()]);
    const ring = new KeyRing(repository, { keyEncryptionKey });
    await ring.published();
    repository.failure = new Error('down');
    jest.advanceTimersByTime(3_600_000);
    expect(await ring.published()).toHaveLength(1);
  });
});
