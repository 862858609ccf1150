import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../../audit/domain/audit-event.js';
import { SETTINGS } from '../../config/settings.module.js';
import { SettingsError, type Settings } from '../../config/settings.js';
import { DomainError } from '../../errors/domain-error.js';
import { changed, invalid, sameSettings, settingsOf, type ClientChange } from './client-change.js';
import { clientEvent, tokensRevoked } from './client-event.js';
import type { ClientPage, ClientQuery } from './client-list.js';
import { PROPERTY_RULES } from './client-properties.js';
import { generateClientId } from './client-secret.js';
import { existingClient, issuedSecret } from './existing-client.js';
import type { IssuedSecret, ManagedClient } from './managed-client.js';
import { ManagedClientsRepository } from './managed-clients.repository.js';
import { drawSecret } from './secret-rotation.js';
import { assertAdminRemains } from './working-admin.js';

/** A client that is to be made. */
export interface NewClientRequest extends ClientChange {
  /** Left out: one is made. */
  readonly clientId?: string;
}

/** Which versions of a client a change may be made to; undefined: any. */
export type ExpectedVersions = readonly number[] | undefined;

/** Totals are exact up to here: to count further costs more than it tells. */
const COUNTED = 10_000;

/** What administrators do with clients. All of it is recorded, in the transaction of the change. */
@Injectable()
export class ClientsService {
  constructor(
    private readonly repository: ManagedClientsRepository,
    @Inject(SETTINGS) private readonly settings: Pick<Settings, 'keyEncryptionKey'>,
  ) {}

  /**
   * Makes sure, before the server answers anybody, that every client can be given its tokens.
   *
   * @throws SettingsError where a client gets JWTs, and there is no key to keep signing keys under
   */
  async assertServable(): Promise<void> {
    if (this.settings.keyEncryptionKey !== undefined) return;
    if (!(await this.repository.someGetJwts())) return;
    throw new SettingsError([
      'KEY_ENCRYPTION_KEY is not set, and at least one client has the access_token_format jwt: set it to what openssl rand -base64 32 prints.',
    ]);
  }

  /** @param limit clients at most */
  async list(query: ClientQuery, limit: number): Promise<ClientPage> {
    // One more than asked for tells whether there is a next page.
    const { listed, counted } = await this.repository.list(query, limit + 1, COUNTED + 1);
    const page = listed.slice(0, limit);
    return {
      clients: page.map(({ client }) => client),
      next: listed.length > limit ? page.at(-1)?.place : undefined,
      total: counted > COUNTED ? undefined : counted,
    };
  }

  /** @throws DomainError `not_found` */
  async get(clientId: string): Promise<ManagedClient> {
    return existingClient(this.repository, clientId);
  }

  /**
   * Makes a client with its first secret.
   *
   * @throws DomainError `validation_failed`, or `conflict` where the id is taken
   */
  create(
    { clientId = generateClientId(), ...change }: NewClientRequest,
    actor: Actor,
  ): Promise<{ readonly client: ManagedClient; readonly issued: IssuedSecret }> {
    assertClientId(clientId);
    this.assertFormat(change);
    return this.repository.exclusively(async (store) => {
      const settings = settingsOf(change, await store.findScopes());
      if ((await store.find(clientId)) !== undefined) throw taken();
      const key = await store.insert(clientId, settings);
      const { clientSecret, secret } = drawSecret(null);
      await store.insertSecret(key, secret);
      const client = await existingClient(store, clientId);
      await store.record(clientEvent('client.created', actor, undefined, client));
      return { client, issued: issuedSecret(client, secret.secretId, clientSecret) };
    });
  }

  /**
   * Changes a client. To switch it off kills its tokens for good: switched on again, it needs new
   * ones. A change that changes nothing counts for none.
   *
   * @throws DomainError `not_found`, `precondition_failed`, `validation_failed`, or `conflict` where
   *   it would take away the last working admin
   */
  update(
    clientId: string,
    change: ClientChange,
    expected: ExpectedVersions,
    actor: Actor,
  ): Promise<ManagedClient> {
    this.assertFormat(change);
    return this.repository.exclusively(async (store) => {
      const before = await existingClient(store, clientId);
      assertExpected(before, expected);
      const settings = changed(before, change, await store.findScopes());
      if (sameSettings(before, settings)) return before;
      await store.update(before.key, settings);
      if (before.enabled && !settings.enabled) await store.killTokens(before.key);
      const after = await existingClient(store, clientId);
      await assertAdminRemains(store, before, after);
      await store.record(clientEvent('client.updated', actor, before, after));
      return after;
    });
  }

  /**
   * Deletes a client. Its tokens die with it.
   *
   * @throws DomainError `not_found`, `precondition_failed`, or `conflict` where it is the last
   *   working admin
   */
  delete(clientId: string, expected: ExpectedVersions, actor: Actor): Promise<void> {
    return this.repository.exclusively(async (store) => {
      const before = await existingClient(store, clientId);
      assertExpected(before, expected);
      await store.delete(before.key);
      await assertAdminRemains(store, before, undefined);
      await store.record(clientEvent('client.deleted', actor, before, undefined));
    });
  }

  /**
   * Kills every token that a client was issued until now, by the order of the database.
   *
   * @throws DomainError `not_found`
   */
  revokeTokens(clientId: string, actor: Actor): Promise<void> {
    return this.repository.exclusively(async (store) => {
      const client = await existingClient(store, clientId);
      await store.killTokens(client.key);
      await store.record(tokensRevoked(actor, client, null));
    });
  }

  /** Only what is asked for: a client that gets JWTs already can still be disabled without the key. */
  private assertFormat({ accessTokenFormat }: ClientChange): void {
    if (accessTokenFormat !== 'jwt' || this.settings.keyEncryptionKey !== undefined) return;
    throw invalid([
      {
        pointer: '/access_token_format',
        detail:
          'can not be jwt on this server yet: set KEY_ENCRYPTION_KEY to what openssl rand -base64 32 prints, and start it anew',
      },
    ]);
  }
}

function assertClientId(clientId: string): void {
  const { fits, detail } = PROPERTY_RULES.client_id;
  if (!fits(clientId)) throw invalid([{ pointer: '/client_id', detail: detail(clientId) }]);
}

function assertExpected({ version }: ManagedClient, expected: ExpectedVersions): void {
  if (expected === undefined || expected.includes(version)) return;
  throw new DomainError(
    'precondition_failed',
    'The client is not in the version that If-Match names: it was changed meanwhile. Read it again with GET, look at what is different, and send the change with the ETag of that answer, in its quotes.',
  );
}

/** A create whose answer was lost can't be told from another's: its secret is gone either way. */
function taken(): DomainError {
  return new DomainError(
    'conflict',
    'There is a client with this client_id already. If you made it and its answer was lost, get a new secret with POST /clients/{client_id}/secrets and expires_previous_in 0; else choose another client_id.',
  );
}
