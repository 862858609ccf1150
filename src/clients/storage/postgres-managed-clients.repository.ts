import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { appendAuditEvent } from '../../audit/storage/append-audit-event.js';
import { CLIENTS_LOCK } from '../../database/locks.js';
import { Statements } from '../../database/statements.js';
import { InvalidationFeed } from '../../invalidation/domain/invalidation-feed.js';
import type { ClientPlace, ClientQuery, ClientSlice } from '../domain/client-list.js';
import type { ClientSettings, ManagedClient } from '../domain/managed-client.js';
import {
  ManagedClientsRepository,
  type ManagedClientsStore,
} from '../domain/managed-clients.repository.js';
import { ClientSecretEntity } from './client-secret.entity.js';
import { ClientEntity } from './client.entity.js';
import { countStatement, orderOf, pageStatement } from './client-list.query.js';
import {
  MANAGED_CLIENT_COLUMNS,
  MANAGED_CLIENT_TABLES,
  toManagedClient,
  type ManagedClientRow,
} from './managed-client.row.js';

const SELECT = `SELECT ${MANAGED_CLIENT_COLUMNS} FROM ${MANAGED_CLIENT_TABLES}`;
const FIND = `${SELECT} WHERE c.client_id = $1`;

/** The clients in PostgreSQL, for those who administer them. */
@Injectable()
export class PostgresManagedClientsRepository extends ManagedClientsRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly statements: Statements,
    private readonly feed: InvalidationFeed,
  ) {
    super();
  }

  override async find(clientId: string): Promise<ManagedClient | undefined> {
    const [row] = await this.statements.run<ManagedClientRow>({ text: FIND }, [clientId]);
    return row && toManagedClient(row);
  }

  override list(query: ClientQuery, most: number, countUpTo: number): Promise<ClientSlice> {
    return this.dataSource.transaction('REPEATABLE READ', async (manager) => {
      // The planner holds reading a whole table for cheaper than some thousand steps of an index,
      // as on a disk that has to seek. With ever more clients it is not.
      await manager.query('SET LOCAL enable_seqscan = off');
      const count = countStatement(query, countUpTo);
      const [{ counted } = { counted: 0 }] = await manager.query<{ counted: number }[]>(
        count.text,
        [...count.values],
      );
      const page = pageStatement(query, most, counted < countUpTo);
      const rows = await manager.query<PlacedRow[]>(page.text, [...page.values]);
      const { by } = orderOf(query.sort);
      const listed = rows.map(({ place, ...row }) => ({
        client: toManagedClient(row),
        place: placeOf(by, place, row.key),
      }));
      return { listed, counted };
    });
  }

  override someGetJwts(): Promise<boolean> {
    return this.dataSource.transaction((manager) =>
      manager.existsBy(ClientEntity, { accessTokenFormat: 'jwt' }),
    );
  }

  override async exclusively<Result>(
    task: (store: ManagedClientsStore) => Promise<Result>,
  ): Promise<Result> {
    const result = await this.dataSource.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [CLIENTS_LOCK]);
      return task(storeIn(manager));
    });
    // So that what was done holds on this node at once; the others follow within a second.
    await this.feed.readNow();
    return result;
  }
}

type PlacedRow = ManagedClientRow & { readonly place: string | number | null };

function placeOf(by: ClientPlace['by'], place: PlacedRow['place'], key: number): ClientPlace {
  return by === 'client_name'
    ? { by, name: String(place), key }
    : { by, at: place === null ? null : Number(place), key };
}

/** The store as a transaction sees it. */
function storeIn(manager: EntityManager): ManagedClientsStore {
  return {
    find: async (clientId) => {
      const [row] = await manager.query<ManagedClientRow[]>(FIND, [clientId]);
      return row && toManagedClient(row);
    },
    findWithScope: async (scope) => {
      const text = `${SELECT} WHERE c.scopes @> ARRAY[$1]`;
      return (await manager.query<ManagedClientRow[]>(text, [scope])).map(toManagedClient);
    },
    findScopes: async () => {
      const text = 'SELECT scope FROM oauth_scope ORDER BY position';
      return (await manager.query<{ scope: string }[]>(text)).map(({ scope }) => scope);
    },
    insert: async (clientId, settings) => {
      const row = manager.create(ClientEntity, { clientId, ...columnsOf(settings) });
      await manager.insert(ClientEntity, row); // sets the id to what the database drew
      return row.id;
    },
    update: async (clientKey, settings) => {
      await manager.update(ClientEntity, clientKey, { ...columnsOf(settings), ...COUNTED });
    },
    touch: async (clientKey) => {
      await manager.update(ClientEntity, clientKey, COUNTED);
    },
    delete: async (clientKey) => {
      await manager.delete(ClientEntity, clientKey);
    },
    insertSecret: async (clientKey, secret) => {
      await manager.insert(ClientSecretEntity, { ...secret, client: { id: clientKey } });
    },
    expireSecrets: (secretKeys, inSeconds) => manager.query(EXPIRE, [secretKeys, inSeconds]),
    deleteSecrets: async (secretKeys) => {
      if (secretKeys.length > 0) await manager.delete(ClientSecretEntity, secretKeys);
    },
    killTokens: async (clientKey) => {
      await manager.update(ClientEntity, clientKey, { tokenEpoch: () => 'token_epoch + 1' });
    },
    killTokensOf: (clientKey, secretKeys) => manager.query(KILL, [clientKey, secretKeys]),
    record: (event) => appendAuditEvent(manager, event),
  };
}

const MOST_DEAD_SECRETS = 100;

/** What every change of a client adds to it. */
const COUNTED = { version: () => 'version + 1', updatedAt: () => 'clock_timestamp()' };

/** `least` passes over NULL: one that never ended does then. */
const EXPIRE = `
  UPDATE oauth_client_secret
  SET expires_at = least(expires_at, clock_timestamp() + make_interval(secs => $2))
  WHERE id = ANY ($1::integer[])`;

/**
 * A fact on the client's row, like the epoch: it costs the same for one token and for millions, and
 * a token whose request was under way at that moment does not escape it. Every look-up goes through
 * the list, so it is kept short: one that is full is traded for an epoch, which kills all at once.
 */
const KILL = `
  UPDATE oauth_client SET
    token_epoch = token_epoch + (cardinality(dead_secrets) >= ${MOST_DEAD_SECRETS})::integer,
    dead_secrets = $2::integer[] || CASE WHEN cardinality(dead_secrets) < ${MOST_DEAD_SECRETS}
      THEN dead_secrets ELSE '{}' END
  WHERE id = $1`;

function columnsOf(settings: ClientSettings) {
  const { accessTokenTtlSeconds, ...columns } = settings;
  return {
    clientName: columns.clientName,
    description: columns.description,
    scopes: [...columns.scopes],
    defaultScopes: [...columns.defaultScopes],
    grantTypes: [...columns.grantTypes],
    tokenEndpointAuthMethod: columns.tokenEndpointAuthMethod,
    resources: [...columns.resources],
    accessTokenFormat: columns.accessTokenFormat,
    accessTokenTtl: accessTokenTtlSeconds,
    allowedIps: [...columns.allowedIps],
    enabled: columns.enabled,
    contacts: [...columns.contacts],
    selfRotation: columns.selfRotation,
    tokenQuota: columns.tokenQuota,
  };
}
