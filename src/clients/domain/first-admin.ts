import { Injectable } from '@nestjs/common';
import { sameSecret, secretDigest } from '../../secrets/digests.js';
import { hasEnded, type Client } from './client.js';
import { generateClientId, generateClientSecret, secretHint } from './client-secret.js';
import { ClientsRepository, type ClientsStore } from './clients.repository.js';

/** What the environment says of the first admin client. */
export interface WantedAdmin {
  readonly clientId: string;
  /** Undefined: one is made, and kept. */
  readonly clientSecret: string | undefined;
}

/** A client's id with its secret in clear: for the one place where they are kept or shown. */
export interface AdminCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What came of the search for an admin client. */
export type FirstAdminOutcome =
  | { readonly kind: 'made'; readonly credentials: AdminCredentials }
  | { readonly kind: 'exists'; readonly clientId: string; readonly createdAt: Date }
  /** The settings say something else of it than the database; the database is left as it is. */
  | { readonly kind: 'differs'; readonly clientId: string; readonly what: string }
  | { readonly kind: 'none' };

const SCOPES = ['read', 'write', 'admin'];
const DEFAULT_SCOPES = ['read', 'write'];

/** Sees to it that there is a first way in, without ever changing one that is there. */
@Injectable()
export class FirstAdmin {
  constructor(private readonly clients: ClientsRepository) {}

  /**
   * Makes the admin client that the settings name, where no client of that id exists.
   *
   * @param keep called with a secret that was made here, before the client exists: a secret that
   *   could not be kept must not be the only way in
   */
  ensureWanted(
    wanted: WantedAdmin,
    keep: (made: AdminCredentials) => Promise<void>,
  ): Promise<FirstAdminOutcome> {
    return this.clients.exclusively(async (store) => {
      const existing = await store.findByClientId(wanted.clientId);
      if (existing !== undefined) return compared(existing, wanted);
      const credentials = {
        clientId: wanted.clientId,
        clientSecret: wanted.clientSecret ?? generateClientSecret(),
      };
      if (wanted.clientSecret === undefined) await keep(credentials);
      return make(store, credentials);
    });
  }

  /**
   * Makes an admin client where there is none at all.
   *
   * @param keep as with {@link ensureWanted}; undefined: nothing is made
   */
  ensureAny(
    keep: ((made: AdminCredentials) => Promise<void>) | undefined,
  ): Promise<FirstAdminOutcome> {
    return this.clients.exclusively(async (store) => {
      const existing = await store.findAdmin();
      if (existing !== undefined) return { kind: 'exists', ...existing };
      if (keep === undefined) return { kind: 'none' };
      const credentials = { clientId: generateClientId(), clientSecret: generateClientSecret() };
      await keep(credentials);
      return make(store, credentials);
    });
  }
}

async function make(
  store: ClientsStore,
  credentials: AdminCredentials,
): Promise<FirstAdminOutcome> {
  const { clientId, clientSecret } = credentials;
  const secret = { digest: secretDigest(clientSecret), hint: secretHint(clientSecret) };
  const names = { clientId, clientName: 'First admin' };
  await store.create(
    { ...names, scopes: SCOPES, defaultScopes: DEFAULT_SCOPES, secret },
    'os:start',
  );
  return { kind: 'made', credentials };
}

function compared(existing: Client, wanted: WantedAdmin): FirstAdminOutcome {
  const { clientId, createdAt } = existing;
  const { clientSecret } = wanted;
  if (clientSecret !== undefined && !accepts(existing, clientSecret)) {
    return { kind: 'differs', clientId, what: 'its secret is another one' };
  }
  if (!existing.scopes.includes('admin')) {
    return { kind: 'differs', clientId, what: 'it does not have the scope admin' };
  }
  return { kind: 'exists', clientId, createdAt };
}

function accepts(client: Client, secret: string): boolean {
  const digest = secretDigest(secret);
  return client.secrets.some((own) => !hasEnded(own) && sameSecret(own.digest, digest));
}
