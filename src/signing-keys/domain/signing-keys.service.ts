import type { KeyObject } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { changesBetween, type Actor } from '../../audit/domain/audit-event.js';
import { SETTINGS } from '../../config/settings.module.js';
import { SettingsError, type Settings } from '../../config/settings.js';
import { DomainError } from '../../errors/domain-error.js';
import { drawSigningKey, unsealed } from './sealed-key.js';
import {
  keySetOf,
  PUBLISHED_BEFORE_SECONDS,
  type NewSigningKey,
  type SigningKey,
  type SigningKeySet,
} from './signing-key.js';
import { SigningKeysRepository, type SigningKeysStore } from './signing-keys.repository.js';

const DAY_SECONDS = 86_400;

/** How a rotation may go about it. */
export interface RotationOptions {
  /** Also to a key that verifiers elsewhere can not know yet. */
  readonly force: boolean;
}

/** Makes the signing keys, and lets each take its turn. */
@Injectable()
export class SigningKeysService {
  constructor(
    private readonly repository: SigningKeysRepository,
    @Inject(SETTINGS)
    private readonly settings: Pick<
      Settings,
      'jwtAlgorithm' | 'keyEncryptionKey' | 'signingKeyRotationDays'
    >,
  ) {}

  /** The published keys, oldest first. */
  list(): Promise<SigningKey[]> {
    return this.repository.list();
  }

  /**
   * Sees to it that there is a key that signs and one that is published to be the next, of the
   * algorithm that is set. Without a key to encrypt them under nothing is made.
   *
   * @returns whether any was made here
   * @throws SettingsError where the present ones are encrypted under another key
   */
  async ensure(actor: Actor): Promise<boolean> {
    const { keyEncryptionKey, jwtAlgorithm } = this.settings;
    if (keyEncryptionKey === undefined) return false;
    const before = keySetOf(await this.repository.list());
    await assertReadable(before, keyEncryptionKey);
    if (before.current !== undefined && before.next?.algorithm === jwtAlgorithm) return false;
    const first = before.current === undefined ? await this.draw(keyEncryptionKey) : undefined;
    const next = await this.draw(keyEncryptionKey);
    const made = await this.change(before, actor, async (store) => {
      if (before.next !== undefined) await store.delete(before.next.kid);
      if (first !== undefined) await add(store, first);
      await store.insert(next);
    });
    // Another node may have been first, and must not have encrypted them under another key.
    await assertReadable(keySetOf(await this.repository.list()), keyEncryptionKey);
    return made;
  }

  /** Whether the present key has signed for as long as one may, and the next one can take over. */
  isDue({ current, next }: SigningKeySet): boolean {
    const longest = this.settings.signingKeyRotationDays * DAY_SECONDS;
    return (
      this.settings.keyEncryptionKey !== undefined &&
      current !== undefined &&
      current.activeSeconds >= longest &&
      next !== undefined &&
      next.ageSeconds >= PUBLISHED_BEFORE_SECONDS
    );
  }

  /**
   * Lets the next key sign, and makes another one to be the next.
   *
   * @returns false where somebody else did the same at this moment: once is enough
   * @throws SettingsError where there is no key to encrypt under, or, unless it is forced, where
   *   the present keys are encrypted under another one; DomainError `conflict` where, unless it is
   *   forced, the next key was not published for long enough
   */
  async rotate(actor: Actor, { force }: RotationOptions): Promise<boolean> {
    const { keyEncryptionKey } = this.settings;
    if (keyEncryptionKey === undefined) throw new SettingsError([KEY_NEEDED]);
    const before = keySetOf(await this.repository.list());
    if (before.current === undefined) return this.ensure(actor);
    if (!force) await assertReadable(before, keyEncryptionKey);
    if (!force) assertPublished(before.next);
    // Drawn before the lock is taken, which is then held for a few statements alone.
    const usable = before.next !== undefined && (await opens(before.next, keyEncryptionKey));
    const successor = usable ? undefined : await this.draw(keyEncryptionKey);
    const next = await this.draw(keyEncryptionKey);
    return this.change(before, actor, async (store) => {
      await store.deleteEnded();
      await store.retire(before.current?.kid ?? '');
      if (successor === undefined) await store.activate(before.next?.kid ?? '');
      else await this.succeed(store, before.next, successor);
      await store.insert(next);
    });
  }

  /** In place of a next key that nobody can decrypt. */
  private async succeed(
    store: SigningKeysStore,
    unreadable: SigningKey | undefined,
    successor: NewSigningKey,
  ): Promise<void> {
    if (unreadable !== undefined) await store.delete(unreadable.kid);
    await add(store, successor);
  }

  private draw(keyEncryptionKey: KeyObject): Promise<NewSigningKey> {
    return drawSigningKey(this.settings.jwtAlgorithm, keyEncryptionKey);
  }

  /** Changes the keys as they were found, and records it; or nothing, where they are others by now. */
  private change(
    before: SigningKeySet,
    actor: Actor,
    task: (store: SigningKeysStore) => Promise<void>,
  ): Promise<boolean> {
    return this.repository.exclusively(async (store) => {
      const found = audited(keySetOf(await store.list()));
      const changes = changesBetween(audited(before), found);
      if (Object.keys(changes).length > 0) return false;
      await task(store);
      await store.record({
        action: 'signing_key.rotated',
        actor,
        clientId: null,
        outcome: 'success',
        reason: null,
        changes: changesBetween(found, audited(keySetOf(await store.list()))),
      });
      return true;
    });
  }
}

const KEY_NEEDED =
  'KEY_ENCRYPTION_KEY is not set, and signing keys are kept encrypted: set it to what openssl rand -base64 32 prints.';

function audited({ current, next }: SigningKeySet) {
  return { current: current?.kid, next: next?.kid };
}

async function add(store: SigningKeysStore, key: NewSigningKey): Promise<void> {
  await store.insert(key);
  await store.activate(key.kid);
}

async function assertReadable(
  { current, next }: SigningKeySet,
  keyEncryptionKey: KeyObject,
): Promise<void> {
  for (const key of [current, next]) {
    if (key !== undefined) await unsealed(key, keyEncryptionKey);
  }
}

async function opens(key: SigningKey, keyEncryptionKey: KeyObject): Promise<boolean> {
  try {
    await unsealed(key, keyEncryptionKey);
    return true;
  } catch {
    return false;
  }
}

function assertPublished(next: SigningKey | undefined): void {
  const age = next?.ageSeconds ?? 0;
  if (age >= PUBLISHED_BEFORE_SECONDS) return;
  const seconds = Math.ceil(PUBLISHED_BEFORE_SECONDS - age);
  throw new DomainError(
    'conflict',
    `The next key was published ${Math.floor(age)} seconds ago: services that keep the set of keys may not know it yet, and would refuse its tokens. Rotate in ${seconds} seconds, or by force.`,
  );
}
