/**
 * The scopes that modules declare, and those that handlers ask for, when the server starts. Real:
 * the whole application in this process, PostgreSQL; the invoices are the test's own.
 */
import { Controller, Get, Module, type DynamicModule, type Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { pino } from 'pino';
import { AppModule } from '../../src/app.module.js';
import { createApp } from '../../src/app.setup.js';
import { loadSettings } from '../../src/config/settings.js';
import { AnyScope, Scopes } from '../../src/resource-server/index.js';
import { ScopesModule } from '../../src/scopes/scopes.module.js';
import { failureLines } from '../../src/start/failure.js';
import { aClient, type StoredClient } from '../support/builders.js';
import { createDatabase, onServer, type TestDatabase } from '../support/database.js';
import { getToken, send, type Answer } from '../support/http.js';
import { freePort } from '../support/server.js';

type Import = Type | DynamicModule;

let database: TestDatabase;
let running: NestExpressApplication[];

beforeEach(async () => {
  database = await createDatabase();
  running = [];
});

afterEach(async () => {
  for (const app of running) await app.close();
  await database.drop();
});

/** Starts the application with more modules; gives its URL. */
async function start(modules: Import[], url = database.url): Promise<string> {
  const port = await freePort();
  const baseUrl = `http://127.0.0.1:${port}`;
  const settings = loadSettings({
    PORT: String(port),
    PUBLIC_URL: baseUrl,
    DATABASE_URL: url,
    MIGRATION_DATABASE_URL: database.url,
  });
  const { imports = [], ...root } = AppModule.forRoot(settings, pino({ level: 'silent' }));
  const app = await createApp({ ...root, imports: [...imports, ...modules] }, settings);
  running.push(app);
  await app.listen(port, '127.0.0.1');
  return baseUrl;
}

async function restart(...modules: Import[]): Promise<string> {
  for (const app of running.splice(0)) await app.close();
  return start(modules);
}

/** What a start says that fails. */
async function failureOf(...modules: Import[]): Promise<string> {
  try {
    await start(modules);
  } catch (error) {
    return failureLines(error);
  }
  throw new Error('it started');
}

/** The scopes in the catalogue beside the built-in ones. */
function catalogue(): Promise<{ scope: string }[]> {
  return database.query(
    'SELECT scope, description, declared_by FROM oauth_scope WHERE NOT built_in ORDER BY position',
  );
}

/** A module of this name that declares scopes. */
function declaring(name: string, scopes: Record<string, string>): Type {
  const module = { [name]: class {} }[name] as Type;
  Module({ imports: [ScopesModule.forFeature(scopes)] })(module);
  return module;
}

@Controller('invoices')
class InvoicesController {
  @Get()
  @Scopes('invoices:read')
  list(): string {
    return 'invoices';
  }
}

@Module({
  imports: [
    ScopesModule.forFeature({
      'invoices:read': 'Read invoices',
      'invoices:write': 'Create and cancel invoices',
    }),
  ],
  controllers: [InvoicesController],
})
class InvoicesModule {}

@Module({ controllers: [InvoicesController] })
class UndeclaredModule {}

const INVOICES = [
  { scope: 'invoices:read', description: 'Read invoices', declared_by: 'InvoicesModule' },
  {
    scope: 'invoices:write',
    description: 'Create and cancel invoices',
    declared_by: 'InvoicesModule',
  },
];

const ask = (url: string, token: string, method = 'GET', body?: object): Promise<Answer> =>
  send(url, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });

const anAdmin = (): Promise<StoredClient> => aClient(database, { scopes: ['admin'] });

describe('the scopes that a module declares', () => {
  it('are in the catalogue with its name, can be given to clients and open its handlers', async () => {
    const baseUrl = await start([InvoicesModule]);
    expect(await catalogue()).toEqual(INVOICES);
    const client = await aClient(database, { scopes: ['invoices:read'] });
    const token = await getToken(baseUrl, client);
    expect((await ask(`${baseUrl}/invoices`, token)).text).toBe('invoices');
    const { body } = await ask(`${baseUrl}/scopes/invoices:read`, token);
    expect(body).toEqual({ ...INVOICES[0], built_in: false });
  });

  it('stand in the documentation of the first start, asked for by a handler or not', async () => {
    const baseUrl = await start([InvoicesModule]);
    const { text } = await send(`${baseUrl}/docs/openapi.json`);
    expect(text).toContain('"invoices:read":"Read invoices"');
    expect(text).toContain('"invoices:write":"Create and cancel invoices"');
  });

  it('stay as they are at the next start, place and all', async () => {
    await start([InvoicesModule]);
    const versions = () => database.query('SELECT scope, xmin::text, position FROM oauth_scope');
    const before = await versions();
    await restart(InvoicesModule);
    expect(await versions()).toEqual(before);
  });

  it('are described anew where the module does so', async () => {
    await start([declaring('AModule', { a: 'One' })]);
    await restart(declaring('AModule', { a: 'Two' }));
    expect(await catalogue()).toEqual([{ scope: 'a', description: 'Two', declared_by: 'AModule' }]);
  });

  it('move with the module that declares them', async () => {
    await start([declaring('AModule', { a: 'One' })]);
    await restart(declaring('BModule', { a: 'One' }));
    expect(await catalogue()).toEqual([{ scope: 'a', description: 'One', declared_by: 'BModule' }]);
  });

  it('stay without the module, and are then the administrator’s', async () => {
    const name = 'a';
    await start([declaring('AModule', { [name]: 'One' })]);
    const baseUrl = await restart();
    expect(await catalogue()).toEqual([{ scope: name, description: 'One', declared_by: null }]);
    const token = await getToken(baseUrl, await anAdmin(), 'admin');
    const url = `${baseUrl}/scopes/${name}`;
    expect((await ask(url, token, 'PATCH', { description: 'Mine' })).status).toBe(200);
    expect((await ask(url, token, 'DELETE')).status).toBe(204);
  });

  it('can neither be described nor deleted over HTTP: 409 that names the module', async () => {
    const baseUrl = await start([InvoicesModule]);
    const token = await getToken(baseUrl, await anAdmin(), 'admin');
    const url = `${baseUrl}/scopes/invoices:write`;
    for (const answer of [
      await ask(url, token, 'PATCH', { description: 'Mine' }),
      await ask(url, token, 'DELETE'),
    ]) {
      expect(answer.body).toMatchObject({
        status: 409,
        detail: expect.stringContaining('InvoicesModule') as string,
      });
    }
    expect(await catalogue()).toEqual(INVOICES);
  });

  it('may have been made by an administrator before', async () => {
    await database.query(`INSERT INTO oauth_scope (scope, description) VALUES ('a', 'By hand')`);
    await start([declaring('AModule', { a: 'One' })]);
    expect(await catalogue()).toEqual([{ scope: 'a', description: 'One', declared_by: 'AModule' }]);
  });

  it('are recorded once where several nodes start at once', async () => {
    const other = declaring('OtherModule', { c: 'C', b: 'B', a: 'A' });
    await Promise.all([1, 2, 3].map(() => start([InvoicesModule, other])));
    expect((await catalogue()).map(({ scope }) => scope)).toEqual([
      'invoices:read',
      'invoices:write',
      'c',
      'b',
      'a',
    ]);
  });

  it('are recorded by a role that owns nothing', async () => {
    const role = new URL(database.url).pathname.slice(1);
    await onServer(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
    await database.query(
      `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`,
    );
    const url = new URL(database.url);
    url.username = role;
    url.password = 'x';
    try {
      await start([InvoicesModule], url.href);
      expect(await catalogue()).toEqual(INVOICES);
    } finally {
      for (const app of running.splice(0)) await app.close();
      await database.query(`DROP OWNED BY ${role}`);
      await onServer(`DROP ROLE ${role}`);
    }
  });

  it('stop the start where they can not be, a line for each, and nothing is recorded', async () => {
    const failure = await failureOf(
      declaring('AModule', { read: 'Mine', fine: 'Fine' }),
      declaring('BModule', { fine: 'Fine', 'two words': 'Two', mute: '' }),
    );
    expect(failure.split('\n')).toEqual([
      'AModule declares the scope "read", which is built in: leave it out.',
      'BModule declares the scope "fine", as AModule does: leave it to one of them.',
      expect.stringContaining('BModule declares the scope "two words": a name has'),
      expect.stringContaining('BModule declares the scope "mute": describe it'),
    ]);
    expect(await catalogue()).toEqual([]);
  });
});

describe('a scope that a handler asks for', () => {
  it('stops the start by name where it is not in the catalogue', async () => {
    @Controller('reports')
    class ReportsController {
      @Get('daily')
      @AnyScope('read', 'reports:daily', 'reports:all')
      daily(): void {}
    }

    @Module({ controllers: [ReportsController] })
    class ReportsModule {}

    expect((await failureOf(UndeclaredModule, ReportsModule)).split('\n')).toEqual([
      "InvoicesController.list (GET /invoices/) needs the scope invoices:read, which does not exist: declare it with ScopesModule.forFeature({ 'invoices:read': '…' }) in the module, or create it at /scopes/.",
      "ReportsController.daily (GET /reports/daily) needs the scopes reports:daily, reports:all, which do not exist: declare them with ScopesModule.forFeature({ 'reports:daily': '…' }) in the module, or create them at /scopes/.",
    ]);
  });

  it('may have been made at /scopes/; then it can not be deleted while the handler asks', async () => {
    const before = await start([]);
    const admin = await anAdmin();
    const token = await getToken(before, admin, 'admin');
    const scope = { scope: 'invoices:read', description: 'By hand' };
    expect((await ask(`${before}/scopes/`, token, 'POST', scope)).status).toBe(201);
    const baseUrl = await restart(UndeclaredModule);
    const refused = await ask(`${baseUrl}/scopes/invoices:read`, token, 'DELETE');
    expect(refused.body).toMatchObject({
      status: 409,
      detail: expect.stringContaining('/access-rules/') as string,
    });
    const client = await aClient(database, { scopes: ['invoices:read'] });
    const caller = await getToken(baseUrl, client);
    expect((await ask(`${baseUrl}/invoices`, caller)).text).toBe('invoices');
  });
});
