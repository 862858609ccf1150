import { createSecretKey, type KeyObject } from 'node:crypto';
import { AccessTokenReader } from '../../src/signing-keys/domain/access-token-reader.js';
import { AccessTokenSigner } from '../../src/signing-keys/domain/access-token-signer.js';
import { KeyRing } from '../../src/signing-keys/domain/key-ring.js';
import { drawSigningKey } from '../../src/signing-keys/domain/sealed-key.js';
import type {
  NewSigningKey,
  SigningAlgorithm,
  SigningKey,
} from '../../src/signing-keys/domain/signing-key.js';
import {
  SigningKeysRepository,
  type SigningKeysStore,
} from '../../src/signing-keys/domain/signing-keys.repository.js';

/** A key to encrypt signing keys under; each number gives another one. */
export function aKeyEncryptionKey(seed = 1): KeyObject {
  return createSecretKey(Buffer.alloc(32, seed));
}

/** A stored signing key that signs, unless a test says otherwise. */
export function aSigningKey(drawn: NewSigningKey, traits: Partial<SigningKey> = {}): SigningKey {
  const longAgo = new Date('2026-01-01T00:00:00Z');
  return {
    ...drawn,
    createdAt: longAgo,
    activatedAt: longAgo,
    retiredAt: null,
    ageSeconds: 3600,
    activeSeconds: 3600,
    ...traits,
  };
}

/** Signing keys in memory, to be read. What changes them is tested on the real database. */
export class FakeSigningKeysRepository extends SigningKeysRepository {
  /** How often the keys were read. */
  reads = 0;
  /** Awaited before the keys are given: a slow database. */
  delay: () => Promise<void> = () => Promise.resolve();
  /** Thrown in place of an answer. */
  failure: Error | undefined;

  constructor(public keys: SigningKey[] = []) {
    super();
  }

  override async list(): Promise<SigningKey[]> {
    this.reads += 1;
    const keys = [...this.keys];
    await this.delay();
    if (this.failure !== undefined) throw this.failure;
    return keys;
  }

  override exclusively<Result>(
    _task: (store: SigningKeysStore) => Promise<Result>,
  ): Promise<Result> {
    return Promise.reject(new Error('these keys are only read'));
  }
}

export const ISSUER = 'https://auth.example.com';

/** A server's signer and reader with one key, in memory. */
export async function aTokenService(algorithm: SigningAlgorithm = 'EdDSA') {
  const keyEncryptionKey = aKeyEncryptionKey();
  const key = aSigningKey(await drawSigningKey(algorithm, keyEncryptionKey));
  const repository = new FakeSigningKeysRepository([key]);
  const ring = new KeyRing(repository, { keyEncryptionKey });
  return {
    key,
    repository,
    ring,
    signer: new AccessTokenSigner(ring),
    reader: new AccessTokenReader(ring, { publicUrl: ISSUER }),
  };
}
