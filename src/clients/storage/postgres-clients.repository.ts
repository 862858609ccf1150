import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { NewAuditEvent } from '../../audit/domain/audit-event.js';
import { appendAuditEvent } from '../../audit/storage/append-audit-event.js';
import { CLIENTS_LOCK } from '../../database/locks.js';
import { Statements, type Statement } from '../../database/statements.js';
import { isClientSecret } from '../../protocol/misplaced-credentials.js';
import { formatScope } from '../../protocol/scope.js';
import type { SecretDigest } from '../../secrets/digests.js';
import { MOST_COMPARED, type Client, type ClientSecret, type NewClient } from '../domain/client.js';
import { ClientsRepository, type ClientsStore } from '../domain/clients.repository.js';
import { ClientEntity } from './client.entity.js';

/**
 * A client with its secrets. Scopes come in the catalogue's order, and one that
 * the catalogue has no more does not come.
 *
 * The answer has as much in it whether the client exists or not, and however many secrets it has: the look-up is most of what a failed authentication takes, and its time must
 * not tell one id from another.
 */
const FIND_BY_CLIENT_ID: Statement = {
  name: 'client-by-client-id',
  text: `
    SELECT c.id AS key, $1::text AS "clientId", coalesce(c.client_name, 'none') AS "clientName",
      ARRAY(SELECT scope FROM oauth_scope
        WHERE scope = ANY (coalesce(c.scopes, '{read,write}')) ORDER BY position) AS scopes,
      ARRAY(SELECT scope FROM oauth_scope
        WHERE scope = ANY (coalesce(c.default_scopes, '{read,write}')) ORDER BY position)
        AS "defaultScopes",
      coalesce(c.grant_types, '{client_credentials}') AS "grantTypes",
      c.token_endpoint_auth_method AS "tokenEndpointAuthMethod",
      coalesce(c.resources, '{}') AS resources,
      coalesce(c.access_token_format, 'opaque') AS "accessTokenFormat",
      c.access_token_ttl AS "accessTokenTtlSeconds",
      coalesce(c.allowed_ips, '{}') AS "allowedIps", c.token_quota AS "tokenQuota",
      coalesce(c.enabled, false) AS enabled, coalesce(c.created_at, now()) AS "createdAt",
      (SELECT json_agg(json_build_object(
          'key', s.id, 'digest', coalesce(encode(s.digest, 'hex'), '${'00'.repeat(32)}'),
          'hint', coalesce(s.hint, 'none'), 'expiresAt', s.expires_at,
          'endsInSeconds', extract(epoch FROM s.expires_at - now())::float8) ORDER BY slot)
        FROM generate_series(1, ${MOST_COMPARED}) AS slot
        LEFT JOIN (
          SELECT id, digest, hint, expires_at,
            row_number() OVER (ORDER BY coalesce(expires_at <= now(), false), id DESC) AS slot
          FROM oauth_client_secret WHERE client = c.id
        ) AS s USING (slot)) AS secrets
    FROM (SELECT) AS always LEFT JOIN oauth_client c ON c.client_id = $1`,
};

type ClientRow = Omit<Client, 'key' | 'secrets'> & {
  readonly key: number | null;
  readonly secrets: readonly SecretRow[];
};

/** As JSON; an empty slot has no key. */
interface SecretRow {
  readonly key: number | null;
  readonly digest: string;
  readonly hint: string;
  readonly expiresAt: string | null;
  readonly endsInSeconds: number | null;
}

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
    // A secret that stands in the place of an id would be in PostgreSQL's own log. The look-up is
    // made all the same: its time is part of every refusal.
    const wanted = isClientSecret(clientId) ? '' : clientId;
    return toClient(await this.statements.run<ClientRow>(FIND_BY_CLIENT_ID, [wanted]));
  }

  override exclusively<Result>(task: (store: ClientsStore) => Promise<Result>): Promise<Result> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query('SELECT pg_advisory_xact_lock($1)', [CLIENTS_LOCK]);
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
    create: async (client, maker) => {
      await insert(manager, client);
      await appendAuditEvent(manager, madeBy(maker, client));
    },
  };
}

function madeBy(maker: string, { clientId, clientName, scopes }: NewClient): NewAuditEvent {
  return {
    action: 'client.created',
    actor: { name: maker, address: null, requestId: null },
    clientId,
    outcome: 'success',
    reason: null,
    changes: {
      client_name: { from: null, to: clientName },
      scope: { from: null, to: formatScope(scopes) },
    },
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

function toClient([row]: readonly ClientRow[]): Client | undefined {
  if (row === undefined) return undefined;
  const secrets = row.secrets.flatMap(toSecret);
  return row.key === null ? undefined : { ...row, key: row.key, secrets };
}

function toSecret({ key, digest, hint, expiresAt, endsInSeconds }: SecretRow): ClientSecret[] {
  if (key === null) return [];
  return [
    {
      key,
      digest: Buffer.from(digest, 'hex') as SecretDigest,
      hint,
      expiresAt: expiresAt === null ? null : new Date(expiresAt),
      endsInSeconds,
    },
  ];
}
