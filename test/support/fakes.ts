import {
  AuditTrail,
  type AuthenticationFailure,
  type PlacedAuditEvent,
} from '../../src/audit/domain/audit-trail.js';
import type { AddressInfo } from 'node:net';
import type { ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Client, ClientSecret, NewClient } from '../../src/clients/domain/client.js';
import {
  ClientsRepository,
  type ClientsStore,
} from '../../src/clients/domain/clients.repository.js';
import { KnownClients } from '../../src/clients/domain/known-clients.js';
import { InvalidationFeed } from '../../src/invalidation/domain/invalidation-feed.js';
import { InvalidationLog, type LogPart } from '../../src/invalidation/domain/invalidation-log.js';
import type { LiveAccessToken, NewAccessToken } from '../../src/oauth/domain/access-token.js';
import { TokenCounts, type TokenCount } from '../../src/oauth/domain/token-counts.repository.js';
import { TokensRepository } from '../../src/oauth/domain/tokens.repository.js';
import { secretDigest } from '../../src/secrets/digests.js';

/** A secret of a client in the domain's terms; it works, unless a test says otherwise. */
export function aSecret(secret: string, traits: Partial<ClientSecret> = {}): ClientSecret {
  return {
    key: 1,
    digest: secretDigest(secret),
    hint: secret.slice(-4),
    expiresAt: null,
    endsInSeconds: null,
    ...traits,
  };
}

/** A client in the domain's terms: enabled, `read write`, one secret `right`. */
export function aDomainClient(traits: Partial<Client> = {}): Client {
  const scopes = traits.scopes ?? ['read', 'write'];
  return {
    key: 1,
    clientId: 'billing',
    clientName: 'Billing',
    scopes,
    defaultScopes: scopes,
    grantTypes: ['client_credentials'],
    tokenEndpointAuthMethod: null,
    resources: [],
    accessTokenFormat: 'opaque',
    accessTokenTtlSeconds: null,
    allowedIps: [],
    tokenQuota: null,
    enabled: true,
    createdAt: new Date('2026-01-01T00:00:00Z'),
    secrets: [aSecret('right')],
    ...traits,
  };
}

/** Clients in memory. Exclusive tasks run one after another; what a failed one made is dropped. */
export class FakeClientsRepository extends ClientsRepository {
  /** The ids that were asked for, in turn. */
  readonly asked: string[] = [];
  private last: Promise<unknown> = Promise.resolve();

  constructor(public clients: Client[] = []) {
    super();
  }

  override findByClientId(clientId: string): Promise<Client | undefined> {
    this.asked.push(clientId);
    return Promise.resolve(this.clients.find((client) => client.clientId === clientId));
  }

  override exclusively<Result>(task: (store: ClientsStore) => Promise<Result>): Promise<Result> {
    const run = this.last.then(() => this.inTransaction(task));
    this.last = run.catch(() => undefined);
    return run;
  }

  private async inTransaction<Result>(
    task: (store: ClientsStore) => Promise<Result>,
  ): Promise<Result> {
    const before = [...this.clients];
    try {
      return await task({
        findByClientId: (clientId) => this.findByClientId(clientId),
        findAdmin: () => Promise.resolve(this.oldestAdmin()),
        create: (client) => {
          this.clients.push(stored(client, this.clients.length + 1));
          return Promise.resolve();
        },
      });
    } catch (error) {
      this.clients = before;
      throw error;
    }
  }

  private oldestAdmin(): Pick<Client, 'clientId' | 'createdAt'> | undefined {
    const admin = this.clients.find(({ scopes }) => scopes.includes('admin'));
    return admin && { clientId: admin.clientId, createdAt: admin.createdAt };
  }
}

function stored({ secret, ...client }: NewClient, key: number): Client {
  return aDomainClient({
    ...client,
    key,
    secrets: [{ key, expiresAt: null, endsInSeconds: null, ...secret }],
  });
}

/** A log of invalidations that a test writes. */
export class FakeInvalidationLog extends InvalidationLog {
  /** What the next read brings. */
  clients: number[] = [];
  tokens: string[] = [];
  server = 'one';
  /** How often it was read. */
  reads = 0;
  /** How often old rows were removed. */
  forgotten = 0;
  /** Awaited before a read is answered: a slow or broken database. */
  answer: () => Promise<void> = () => Promise.resolve();

  override async read(): Promise<LogPart> {
    this.reads += 1;
    const { server, clients, tokens } = this;
    this.clients = [];
    this.tokens = [];
    await this.answer();
    const position = { snapshot: String(this.reads), server };
    return { position, clients: new Set(clients), tokens: new Set(tokens) };
  }

  override forget(): Promise<boolean> {
    this.forgotten += 1;
    return Promise.resolve(false);
  }
}

/** The clients of a fake, with a feed that nothing has been read from yet. */
export function knownClients(clients: ClientsRepository): KnownClients {
  return new KnownClients(clients, new InvalidationFeed(new FakeInvalidationLog()));
}

/** The counts that all nodes share, in memory. */
export class FakeTokenCounts extends TokenCounts {
  /** How often it was asked. */
  calls = 0;
  /** Awaited before a call is answered, after it has counted: a slow database. */
  delay: () => Promise<void> = () => Promise.resolve();
  /** Thrown in place of an answer, with nothing counted. */
  failure: Error | undefined;
  private readonly totals = new Map<string, number>();

  override async add(counts: readonly TokenCount[]): Promise<number[]> {
    this.calls += 1;
    if (this.failure !== undefined) throw this.failure;
    const totals = counts.map(({ client, hour, issued }) => {
      const total = this.total(client, hour) + issued;
      this.totals.set(`${client} ${hour}`, total);
      return total;
    });
    await this.delay();
    return totals;
  }

  total(client: number, hour: number): number {
    return this.totals.get(`${client} ${hour}`) ?? 0;
  }
}

/** Tokens in memory. */
export class FakeTokensRepository extends TokensRepository {
  readonly inserted: NewAccessToken[] = [];
  /** What the next insertions come to. */
  outcome: () => Promise<boolean> = () => Promise.resolve(true);

  override async insert(token: NewAccessToken): Promise<boolean> {
    const isStored = await this.outcome();
    if (isStored) this.inserted.push(token);
    return isStored;
  }

  override revoke(): Promise<boolean> {
    return Promise.resolve(false);
  }

  override findLive(): Promise<LiveAccessToken | undefined> {
    return Promise.resolve(undefined);
  }
}

/** A small Nest application that listens. */
export interface ToyApp {
  readonly url: string;
  readonly app: NestExpressApplication;
  close(): Promise<void>;
}

/**
 * Starts a Nest application of a test's own modules, without a log. As in the real one, no body is
 * read before the guards.
 *
 * @throws what keeps the modules from starting
 */
export async function startToyApp(
  metadata: ModuleMetadata,
  prepare: (app: NestExpressApplication) => void = () => undefined,
): Promise<ToyApp> {
  const module = await Test.createTestingModule(metadata).compile();
  const app = module.createNestApplication<NestExpressApplication>({
    bodyParser: false,
    logger: false,
  });
  prepare(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    app,
    close: async () => {
      app.getHttpServer().closeAllConnections();
      await app.close();
    },
  };
}

/** Keeps the failures that are recorded. */
export class FakeAuditTrail extends AuditTrail {
  readonly failures: AuthenticationFailure[] = [];

  override find(): Promise<PlacedAuditEvent[]> {
    return Promise.resolve([]);
  }

  override recordFailures(failures: readonly AuthenticationFailure[]): Promise<void> {
    this.failures.push(...failures);
    return Promise.resolve();
  }
}
