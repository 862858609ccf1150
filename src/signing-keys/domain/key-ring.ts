import type { KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { importJWK, type CryptoKey, type JWK } from 'jose';
import { SETTINGS } from '../../config/settings.module.js';
import type { Settings } from '../../config/settings.js';
import { temporarilyUnavailable } from '../../errors/domain-error.js';
import { publicMembersOf, unsealed } from './sealed-key.js';
import {
  keySetOf,
  type SigningAlgorithm,
  type SigningKey,
  type SigningKeySet,
} from './signing-key.js';
import { SigningKeysRepository } from './signing-keys.repository.js';

/** A key retired elsewhere must not sign for long, so that its last token ends while it is published. */
const FRESH_TO_SIGN_MS = 60_000;
/** Between two looks for keys that nobody may have: anyone can name one. */
const UNKNOWN_EVERY_MS = 1000;

/** A key with which a signature is made. */
export interface KeyToSign {
  readonly kid: string;
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: CryptoKey;
}

/** A key with which a signature is checked. */
export interface KeyToVerify {
  readonly algorithm: SigningAlgorithm;
  readonly publicKey: CryptoKey;
}

/** The keys as they were at a time. */
interface Loaded {
  readonly begunAt: number;
  readonly keys: SigningKeySet;
  readonly toVerify: ReadonlyMap<string, KeyToVerify>;
}

/**
 * The signing keys at hand in this process, as the database had them a short while ago. All
 * methods throw what the store throws where it is out of reach and they can't do without it.
 */
@Injectable()
export class KeyRing {
  private loaded: Loaded | undefined;
  private loading: Promise<Loaded> | undefined;
  private lastBegunAt = -Infinity;
  private toSign: KeyToSign | undefined;

  constructor(
    private readonly repository: SigningKeysRepository,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'keyEncryptionKey'>,
  ) {}

  /** Reads the keys anew. */
  async reload(): Promise<SigningKeySet> {
    return (await this.load()).keys;
  }

  /**
   * The key that signs now.
   *
   * @throws DomainError `temporarily_unavailable` where there is none, or it can't be decrypted
   */
  async signing(): Promise<KeyToSign> {
    const known = this.loaded;
    const isFresh = known !== undefined && performance.now() - known.begunAt < FRESH_TO_SIGN_MS;
    const { current } = (isFresh ? known : await (this.loading ?? this.load())).keys;
    const { keyEncryptionKey } = this.settings;
    if (current === undefined || keyEncryptionKey === undefined) {
      throw temporarilyUnavailable(undefined, 'no signing key: KEY_ENCRYPTION_KEY is not set');
    }
    if (this.toSign?.kid === current.kid) return this.toSign;
    this.toSign = await opened(current, keyEncryptionKey);
    return this.toSign;
  }

  /**
   * The published key of an id. One that is not known here may have been made elsewhere a moment
   * ago, and is looked for; not more than once a second, whoever asks.
   */
  async verifying(kid: string): Promise<KeyToVerify | undefined> {
    const known = (this.loaded ?? (await this.load())).toVerify.get(kid);
    if (known !== undefined) return known;
    const mayLook = performance.now() - this.lastBegunAt >= UNKNOWN_EVERY_MS;
    const found = mayLook ? this.load() : (this.loading ?? this.loaded);
    return (await found)?.toVerify.get(kid);
  }

  /** The published keys as a JWK Set has them (RFC 7517 §5): public members alone. */
  async published(): Promise<JWK[]> {
    const { current, next, retired } = (this.loaded ?? (await this.load())).keys;
    return [current, next, ...retired]
      .filter((key) => key !== undefined)
      .map(({ kid, algorithm, publicJwk }) => ({
        ...publicMembersOf(publicJwk),
        kid,
        alg: algorithm,
        use: 'sig',
      }));
  }

  private load(): Promise<Loaded> {
    const begunAt = performance.now();
    this.lastBegunAt = begunAt;
    const loading = this.read(begunAt).finally(() => {
      if (this.loading === loading) this.loading = undefined;
    });
    this.loading = loading;
    return loading;
  }

  private async read(begunAt: number): Promise<Loaded> {
    const list = await this.repository.list();
    const toVerify = new Map(
      await Promise.all(list.map(async (key) => [key.kid, await this.imported(key)] as const)),
    );
    const loaded = { begunAt, keys: keySetOf(list), toVerify };
    // One that was begun earlier may come in later, with what is past.
    if (begunAt >= (this.loaded?.begunAt ?? -Infinity)) this.loaded = loaded;
    return loaded;
  }

  private async imported({ kid, algorithm, publicJwk }: SigningKey): Promise<KeyToVerify> {
    const known = this.loaded?.toVerify.get(kid);
    if (known !== undefined) return known;
    const publicKey = await importJWK(publicMembersOf(publicJwk), algorithm);
    return { algorithm, publicKey: publicKey as CryptoKey };
  }
}

async function opened(key: SigningKey, keyEncryptionKey: KeyObject): Promise<KeyToSign> {
  const { kid, algorithm } = key;
  try {
    return { kid, algorithm, privateKey: await unsealed(key, keyEncryptionKey) };
  } catch (cause) {
    throw temporarilyUnavailable(
      cause,
      'the signing key was made under another KEY_ENCRYPTION_KEY',
    );
  }
}
