import { Injectable } from '@nestjs/common';
import type { Actor } from '../../audit/domain/audit-event.js';
import { DomainError } from '../../errors/domain-error.js';
import { clientEvent, tokensRevoked } from './client-event.js';
import { existingClient, issuedSecret } from './existing-client.js';
import type { IssuedSecret, ManagedClient, ManagedSecret } from './managed-client.js';
import {
  ManagedClientsRepository,
  type ManagedClientsStore,
} from './managed-clients.repository.js';
import {
  assertAnotherWorks,
  assertFewEnough,
  assertRotation,
  drawSecret,
  endedTooMany,
  workingSecrets,
  type Rotation,
} from './secret-rotation.js';
import { assertAdminRemains } from './working-admin.js';

/** What is done with the secrets of clients, by administrators and by clients themselves. */
@Injectable()
export class SecretsService {
  constructor(private readonly repository: ManagedClientsRepository) {}

  /**
   * Gives a client a new secret.
   *
   * @throws DomainError `not_found`, `validation_failed`, or `conflict`: too many would work, or no
   *   working admin would remain
   */
  async rotate(clientId: string, rotation: Rotation, actor: Actor): Promise<IssuedSecret> {
    assertRotation(rotation);
    return this.repository.exclusively(async (store) =>
      rotated(store, await existingClient(store, clientId), rotation, actor),
    );
  }

  /**
   * Gives a client a new secret at its own wish. That it may is decided here once more, in the
   * transaction: a secret that was stopped a moment ago must not make itself a successor.
   *
   * @param secretKey of the secret that it has authenticated with
   * @throws DomainError `invalid_client` where that works no more, `self_rotation_not_allowed`, and as
   *   {@link rotate}
   */
  async rotateOwn(
    clientId: string,
    secretKey: number,
    rotation: Rotation,
    actor: Actor,
  ): Promise<IssuedSecret> {
    return this.repository.exclusively(async (store) => {
      const client = await store.find(clientId);
      if (client === undefined || !isGoodFor(client, secretKey)) throw noMore();
      if (!client.selfRotation) {
        throw new DomainError(
          'self_rotation_not_allowed',
          'This client may not give itself a new secret. Ask an administrator for one, or to set self_rotation.',
        );
      }
      assertRotation(rotation);
      return rotated(store, client, rotation, actor);
    });
  }

  /**
   * Deletes a secret.
   *
   * @param revokeTokens whether the tokens got with it die too, as after a leak
   * @throws DomainError `not_found`, or `conflict`: it is the last one that works, or no working
   *   admin would remain
   */
  delete(clientId: string, secretId: string, revokeTokens: boolean, actor: Actor): Promise<void> {
    return this.repository.exclusively(async (store) => {
      const before = await existingClient(store, clientId);
      const secret = before.secrets.find((own) => own.secretId === secretId);
      if (secret === undefined) {
        throw new DomainError('not_found', 'This client has no secret with this id.');
      }
      assertAnotherWorks(before, secret);
      await store.deleteSecrets([secret.key]);
      await store.touch(before.key);
      if (revokeTokens) await killTokens(store, before, [secret], actor);
      const after = await existingClient(store, clientId);
      await assertAdminRemains(store, before, after);
      await store.record(clientEvent('secret.deleted', actor, before, after));
    });
  }
}

function isGoodFor(client: ManagedClient, secretKey: number): boolean {
  return client.enabled && workingSecrets(client).some(({ key }) => key === secretKey);
}

function noMore(): DomainError {
  return new DomainError(
    'invalid_client',
    'Client authentication failed. Check the client id and the secret, or ask an administrator and name this request.',
    { reason: 'the secret or the client was switched off at this moment' },
  );
}

async function rotated(
  store: ManagedClientsStore,
  before: ManagedClient,
  { expiresAt, expiresPreviousInSeconds, revokeTokens }: Rotation,
  actor: Actor,
): Promise<IssuedSecret> {
  const previous = workingSecrets(before);
  const { clientSecret, secret } = drawSecret(expiresAt);
  await store.insertSecret(before.key, secret);
  if (expiresPreviousInSeconds !== undefined) {
    await store.expireSecrets(
      previous.map(({ key }) => key),
      expiresPreviousInSeconds,
    );
  }
  await store.deleteSecrets(endedTooMany(before).map(({ key }) => key));
  await store.touch(before.key);
  if (revokeTokens) await killTokens(store, before, previous, actor);
  const after = await existingClient(store, before.clientId);
  assertFewEnough(after);
  await assertAdminRemains(store, before, after);
  await store.record(clientEvent('secret.created', actor, before, after));
  return issuedSecret(after, secret.secretId, clientSecret);
}

async function killTokens(
  store: ManagedClientsStore,
  client: ManagedClient,
  secrets: readonly ManagedSecret[],
  actor: Actor,
): Promise<void> {
  if (secrets.length === 0) return;
  await store.killTokensOf(
    client.key,
    secrets.map(({ key }) => key),
  );
  const hints = secrets.map(({ hint }) => `…${hint}`).join(', ');
  await store.record(tokensRevoked(actor, client, `those got with the secret ${hints}`));
}
