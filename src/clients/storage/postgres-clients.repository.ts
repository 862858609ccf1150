import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { Statements, type Statement } from '../../database/statements.js';
import type { SecretDigest } from '../../secrets/digests.js';
import type { Client, ClientSecret, NewClient } from '../domain/client.js';
import { ClientsRepository, type ClientsStore } from '../domain/clients.repository.js';
import { ClientEntity } from './client.entity.js';

/** Any number that nothing else in this database locks on. */
const EXCLUSIVE_LOCK = 7_086_617_002;

/**
 * A client with its secrets, a row for each. Scopes come in the catalogue's order, and one that
 * the catalogue has no more does not come.
 */
const FIND_BY_CLIENT_ID: Statement = {
  name: 'client-by-client-id',
  text: `
    SELECT c.id AS key, c.client_id AS "clientId", c.client_name AS "clientName",
      ARRAY(SELECT scope FROM oauth_scope WHERE scope = ANY (c.scopes) ORDER BY position)
        AS scopes,
      ARRAY(SELECT scope FROM oauth_scope WHERE scope = ANY (c.default_scopes) ORDER BY position)
        AS "defaultScopes",
      c.grant_types AS "grantTypes", c.token_endpoint_auth_method AS "tokenEndpointAuthMethod",
      c.resources, c.access_token_ttl AS "accessTokenTtlSeconds", c.allowed_ips AS "allowedIps",
      c.token_quota AS "tokenQuota", c.enabled, c.created_at AS "createdAt",
      s.id AS "secretKey", s.digest, s.hint, s.expires_at AS "expiresAt",
      coalesce(s.expires_at <= now(), false) AS expired
    FROM oauth_client c LEFT JOIN oauth_client_secret s ON s.client = c.id
    WHERE c.client_id = $1
    ORDER BY s.id`,
};

type ClientRow = Omit<Client, 'secrets'> &
  Omit<ClientSecret, 'key' | 'digest'> & { secretKey: number | null; digest: Buffer };

/** The clients in PostgreSQL. */
@Injectable()
export class PostgresClientsRepository extends ClientsRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly statements: Statements,
  ) {
    super();
  }

  override async findByClientId(clientId: string): Promise<Client | undefined> {
    return toClient(await this.statements.run<ClientRow>(FIND_BY_CLIENT_ID, [clientId]));
  }

  override exclusively<Result>(task: (store: ClientsStore) => Promise<Result>): Promise<Result> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [EXCLUSIVE_LOCK]);
      return task(storeIn(manager));
    });
  }
}

/** The store as a transaction sees it. */
function storeIn(manager: EntityManager): ClientsStore {
  return {
    findByClientId: async (clientId) =>
      toClient(await manager.query<ClientRow[]>(FIND_BY_CLIENT_ID.text, [clientId])),
    findAdmin: async () => {
      const [oldest] = await manager
        .createQueryBuilder(ClientEntity, 'client')
        .where("'admin' = ANY (client.scopes)")
        .orderBy('client.id')
        .take(1)
        .getMany();
      return oldest && { clientId: oldest.clientId, createdAt: oldest.createdAt };
    },
    create: (client) => insert(manager, client),
  };
}

async function insert(manager: EntityManager, client: NewClient): Promise<void> {
  const { clientId, clientName, scopes, defaultScopes, secret } = client;
  await manager.getRepository(ClientEntity).save({
    clientId,
    clientName,
    scopes: [...scopes],
    defaultScopes: [...defaultScopes],
    secrets: [{ ...secret, secretId: randomUUID() }],
  });
}

function toClient(rows: readonly ClientRow[]): Client | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  const { secretKey: _, digest: __, hint: ___, expiresAt: ____, expired: _____, ...client } = first;
  return { ...client, secrets: rows.flatMap(toSecret) };
}

function toSecret({ secretKey, digest, hint, expiresAt, expired }: ClientRow): ClientSecret[] {
  if (secretKey === null) return [];
  return [{ key: secretKey, digest: digest as SecretDigest, hint, expiresAt, expired }];
}
