import type { Actor } from '../audit/domain/audit-event.js';
import { changed, sameSettings } from '../clients/domain/client-change.js';
import { clientEvent } from '../clients/domain/client-event.js';
import { secretHint } from '../clients/domain/client-secret.js';
import { existingClient } from '../clients/domain/existing-client.js';
import type { ManagedClient } from '../clients/domain/managed-client.js';
import type {
  ManagedClientsRepository,
  ManagedClientsStore,
} from '../clients/domain/managed-clients.repository.js';
import {
  assertFewEnough,
  assertRotation,
  drawSecret,
  endedTooMany,
  workingSecrets,
} from '../clients/domain/secret-rotation.js';
import { secretDigest } from '../secrets/digests.js';

/** How an administrator's client is to be made to work again. */
export interface AdminReset {
  readonly clientId: string;
  /** Undefined: one is made. */
  readonly broughtSecret: string | undefined;
  /** When the secrets before it end, in seconds from now; undefined: as they would have. */
  readonly expiresPreviousInSeconds: number | undefined;
}

/** A client that has a working secret and the scope `admin` again. */
export interface ResetAdmin {
  readonly client: ManagedClient;
  readonly secretId: string;
  readonly clientSecret: string;
}

/**
 * Gives an existing client a secret that works, the scope `admin`, and switches it on, in one
 * transaction. It is the way back in for whoever has the database anyway; no route leads here. All
 * else of the client stays as it is, be it in the way: its addresses, its grant.
 *
 * @throws DomainError `not_found`, `validation_failed`, or `conflict`: too many secrets would work
 */
export async function resetAdmin(
  repository: ManagedClientsRepository,
  reset: AdminReset,
  actor: Actor,
): Promise<ResetAdmin> {
  const { expiresPreviousInSeconds } = reset;
  assertRotation({ expiresAt: null, expiresPreviousInSeconds, revokeTokens: false });
  return repository.exclusively(async (store) => {
    const before = await existingClient(store, reset.clientId);
    const issued = await giveSecret(store, before, reset);
    const between = await existingClient(store, reset.clientId);
    assertFewEnough(between);
    await store.record(clientEvent('secret.created', actor, before, between));
    return { ...issued, client: await letIn(store, between, actor) };
  });
}

async function giveSecret(
  store: ManagedClientsStore,
  client: ManagedClient,
  { broughtSecret, expiresPreviousInSeconds }: AdminReset,
): Promise<{ readonly secretId: string; readonly clientSecret: string }> {
  const drawn = drawSecret(null);
  const clientSecret = broughtSecret ?? drawn.clientSecret;
  const [digest, hint] = [secretDigest(clientSecret), secretHint(clientSecret)];
  await store.insertSecret(client.key, { ...drawn.secret, digest, hint });
  if (expiresPreviousInSeconds !== undefined) {
    const previous = workingSecrets(client).map(({ key }) => key);
    await store.expireSecrets(previous, expiresPreviousInSeconds);
  }
  await store.deleteSecrets(endedTooMany(client).map(({ key }) => key));
  await store.touch(client.key);
  return { secretId: drawn.secret.secretId, clientSecret };
}

async function letIn(
  store: ManagedClientsStore,
  before: ManagedClient,
  actor: Actor,
): Promise<ManagedClient> {
  const change = { enabled: true, scopes: [...before.scopes, 'admin'] };
  const settings = changed(before, change, await store.findScopes());
  if (sameSettings(before, settings)) return before;
  await store.update(before.key, settings);
  const after = await existingClient(store, before.clientId);
  await store.record(clientEvent('client.updated', actor, before, after));
  return after;
}
