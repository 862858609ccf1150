import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Client } from 'pg';
import request, { type Response } from 'supertest';
import { DatabaseModule } from '../database/database.module.js';
import { ErrorFilter } from '../errors/error.filter.js';
import { JsonBodyGuard } from '../http/json-body.guard.js';
import { RequestValidationPipe } from '../http/request-validation.pipe.js';
import { ResourceServerModule } from '../resource-server/index.js';
import { asClient, TEST_AUDIENCE, TestTokenVerifier } from '../resource-server/testing.js';
import { PaymentsModule } from './payments.module.js';

/**
 * How to test a guarded module. Real: the module, the guard, pipe and filter, HTTP, PostgreSQL.
 * Not real: the tokens, which the test makes itself, so that no authorization server runs.
 */

/** Imported after the resource server: guards run in the order of the modules, access first. */
@Module({ providers: [{ provide: APP_GUARD, useClass: JsonBodyGuard }] })
class JsonBodyModule {}

const DATABASE = `payments_${randomUUID().replaceAll('-', '')}`;

let admin: Client;
let database: Client;
let app: NestExpressApplication;
let server: Server;

beforeAll(async () => {
  const url = new URL(process.env.TEST_POSTGRES_URL ?? '');
  admin = new Client({ connectionString: url.href });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${DATABASE} TEMPLATE postern_template`);
  url.pathname = `/${DATABASE}`;
  database = new Client({ connectionString: url.href });
  await database.connect();

  @Module({
    imports: [
      DatabaseModule.forRoot({ url: url.href, poolSize: 10, timeoutMs: 5000, pooler: 'none' }),
      ResourceServerModule.forRoot({ verifier: new TestTokenVerifier(), audience: TEST_AUDIENCE }),
      JsonBodyModule,
      PaymentsModule,
    ],
    providers: [
      { provide: APP_PIPE, useClass: RequestValidationPipe },
      { provide: APP_FILTER, useValue: new ErrorFilter({ pagesUrl: '' }) },
    ],
  })
  class TestAppModule {}

  app = await NestFactory.create<NestExpressApplication>(TestAppModule, {
    bodyParser: false,
    logger: false,
  });
  await app.listen(0, '127.0.0.1');
  server = app.getHttpServer();
});

afterAll(async () => {
  await app?.close();
  await database?.end();
  await admin?.query(`DROP DATABASE IF EXISTS ${DATABASE}`);
  await admin?.end();
});

/** A client that no other test knows, so that its list begins empty. */
function newClient() {
  const id = `client-${randomUUID()}`;
  return {
    id,
    reads: asClient(id, 'read'),
    writes: asClient(id, 'write'),
  };
}

const order = { amount: '12.5', currency: 'EUR', reference: 'Invoice 2026-0042' };

interface PaymentBody {
  payment_id: string;
  created_at: string;
}

const paymentOf = (response: Response) => response.body as PaymentBody;
const listOf = (response: Response) =>
  response.body as { items: PaymentBody[]; next_cursor: string | null };

function post(body: object | string, headers: Record<string, string> = newClient().writes) {
  return request(server)
    .post('/payments/')
    .set('Content-Type', 'application/json')
    .set(headers)
    .send(body);
}

/** The problem document of an answer (RFC 9457), once it is sure to be one. */
function problemOf(response: Response): unknown {
  expect(response.headers['content-type']).toBe('application/problem+json');
  const problem = response.body as { status: number };
  expect(problem.status).toBe(response.status);
  return problem;
}

async function storedOf(clientId: string): Promise<number> {
  const { rows } = await database.query<{ count: string }>(
    'SELECT count(*) FROM payment WHERE client_id = $1',
    [clientId],
  );
  return Number(rows[0]?.count);
}

describe('who may call (RFC 6750 §3)', () => {
  const call = (method: 'get' | 'post', path: string) => request(server)[method](path);

  it.each([
    ['get', '/payments/', 'read'],
    ['get', `/payments/${randomUUID()}`, 'read'],
    ['post', '/payments/', 'write'],
    ['get', '/payments/fees/', 'admin'],
  ] as const)('%s %s needs a token with the scope %s', async (method, path, scope) => {
    const others = ['read', 'write', 'admin'].filter((other) => other !== scope);
    const anonymous = await call(method, path);
    expect(problemOf(anonymous)).toMatchObject({ status: 401 });
    expect(anonymous.headers['www-authenticate']).toBe('Bearer realm="api"');
    const narrow = await call(method, path).set(asClient('someone', ...others));
    expect(problemOf(narrow)).toMatchObject({ status: 403, error: 'insufficient_scope' });
    expect(narrow.headers['www-authenticate']).toContain(`scope="${scope}"`);
  });

  it('is decided before the body is looked at', async () => {
    expect(problemOf(await post('{', {}))).toMatchObject({ status: 401 });
    expect(problemOf(await post('{', asClient('someone', 'read')))).toMatchObject({ status: 403 });
  });
});

describe('POST /payments/', () => {
  it('answers 201 with the payment, its amount in canonical form, and its place', async () => {
    const { writes, reads } = newClient();
    const response = await post(order, writes);
    const payment = paymentOf(response);
    expect(response.status).toBe(201);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.body).toEqual({
      payment_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      amount: '12.50',
      currency: 'EUR',
      reference: 'Invoice 2026-0042',
      status: 'created',
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
    });
    expect(Math.abs(Date.parse(payment.created_at) - Date.now())).toBeLessThan(60_000);
    const location = response.headers.location ?? '';
    expect(location).toBe(`/payments/${payment.payment_id}`);
    const read = await request(server).get(location).set(reads).expect(200);
    expect(read.body).toEqual(response.body);
  });

  it('answers without the trailing slash as well', async () => {
    const { writes } = newClient();
    const response = await request(server).post('/payments').set(writes).send(order);
    expect(response.status).toBe(201);
  });

  it.each([
    ['12.50', 'EUR', '12.50'],
    ['12', 'EUR', '12.00'],
    ['1250', 'JPY', '1250'],
    ['4.125', 'KWD', '4.125'],
    ['4.1', 'IQD', '4.100'],
    ['0.0001', 'CLF', '0.0001'],
    ['0.1', 'USD', '0.10'],
    ['999999999999999.99', 'USD', '999999999999999.99'],
  ])('keeps %s %s to the last digit: %s', async (amount, currency, canonical) => {
    const { writes, reads } = newClient();
    const created = await post({ ...order, amount, currency }, writes).expect(201);
    expect(created.body).toMatchObject({ amount: canonical, currency });
    const list = await request(server).get('/payments/').set(reads).expect(200);
    expect(list.body).toMatchObject({ items: [{ amount: canonical, currency }] });
  });

  it.each([
    ['no decimals for JPY', { amount: '1250.5', currency: 'JPY' }, '/amount'],
    ['three decimals for EUR', { amount: '12.505' }, '/amount'],
    ['an amount of zero', { amount: '0.00' }, '/amount'],
    ['a negative amount', { amount: '-1' }, '/amount'],
    ['an amount that is a number', { amount: 12.5 }, '/amount'],
    ['an amount of too many digits', { amount: '9'.repeat(60_000) }, '/amount'],
    ['no amount', { amount: undefined }, '/amount'],
    ['a currency in small letters', { currency: 'eur' }, '/currency'],
    ['a withdrawn currency', { currency: 'DEM' }, '/currency'],
    ['a currency that is a list', { currency: ['EUR'] }, '/currency'],
    ['a currency of the prototype', { currency: '__proto__' }, '/currency'],
    ['no currency', { currency: undefined }, '/currency'],
    ['a long reference', { reference: 'x'.repeat(141) }, '/reference'],
    ['a NUL in the reference', { reference: 'a\0b' }, '/reference'],
    ['a line break in the reference', { reference: 'a\nb' }, '/reference'],
    ['half a pair in the reference', { reference: 'a\ud83d' }, '/reference'],
    ['no reference', { reference: undefined }, '/reference'],
    ['an unknown field', { status: 'paid' }, '/status'],
    ['the id of a client', { client_id: 'someone' }, '/client_id'],
  ])('refuses %s with a pointer', async (_what, change, pointer) => {
    const client = newClient();
    const response = await post({ ...order, ...change }, client.writes);
    expect(problemOf(response)).toMatchObject({
      status: 422,
      title: 'The content is not valid',
      errors: [{ pointer, detail: expect.any(String) as string }],
    });
    expect(await storedOf(client.id)).toBe(0);
  });

  it('points at every fault at once', async () => {
    const response = await post({ amount: '12,50', currency: 'EURO', reference: 7 });
    expect(problemOf(response)).toMatchObject({
      status: 422,
      errors: [
        { pointer: '/amount', detail: expect.stringContaining('decimal string') as string },
        { pointer: '/currency', detail: expect.stringContaining('ISO 4217') as string },
        { pointer: '/reference', detail: expect.stringContaining('140') as string },
      ],
    });
  });

  it.each(['', '{}'])('names the missing fields where the body is %j', async (body) => {
    const response = await post(body);
    expect(problemOf(response)).toMatchObject({
      status: 422,
      errors: [{ pointer: '/amount' }, { pointer: '/currency' }, { pointer: '/reference' }],
    });
  });

  it('keeps a reference in any script, and of 140 characters beyond the BMP', async () => {
    const reference = `${'😀'.repeat(130)}請求書 № 7é`;
    const response = await post({ ...order, reference }).expect(201);
    expect(response.body).toMatchObject({ reference });
  });
});

describe('Idempotency-Key', () => {
  const withKey = (headers: Record<string, string>, key: string) => ({
    ...headers,
    'Idempotency-Key': key,
  });

  it('gives the same answer to the same order, however it is written, and pays once', async () => {
    const client = newClient();
    const headers = withKey(client.writes, randomUUID());
    const first = await post(order, headers).expect(201);
    const { amount, currency, reference } = order;
    const again = await post({ reference, currency, amount: `${amount}0` }, headers).expect(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.location).toBe(first.headers.location);
    expect(await storedOf(client.id)).toBe(1);
  });

  it('refuses another order under the same key, and keeps the first', async () => {
    const client = newClient();
    const headers = withKey(client.writes, randomUUID());
    const first = await post(order, headers).expect(201);
    const other = await post({ ...order, amount: '99.00' }, headers);
    expect(problemOf(other)).toMatchObject({
      status: 422,
      title: 'The idempotency key was used for another request',
    });
    expect((await post(order, headers).expect(201)).body).toEqual(first.body);
    expect(await storedOf(client.id)).toBe(1);
  });

  it('belongs to its client', async () => {
    const key = randomUUID();
    const [one, other] = [newClient(), newClient()];
    const first = await post(order, withKey(one.writes, key)).expect(201);
    const second = await post(order, withKey(other.writes, key)).expect(201);
    expect(paymentOf(second).payment_id).not.toBe(paymentOf(first).payment_id);
  });

  it('is not used up by an order that was refused', async () => {
    const headers = withKey(newClient().writes, randomUUID());
    expect((await post({ ...order, amount: '0' }, headers)).status).toBe(422);
    expect((await post(order, headers)).status).toBe(201);
  });

  it('answers 409 while the first request runs, to that client alone, and its 201 after', async () => {
    const [client, other] = [newClient(), newClient()];
    const key = randomUUID();
    const headers = withKey(client.writes, key);
    await database.query('BEGIN');
    await database.query('LOCK TABLE payment IN SHARE MODE'); // reading goes on, writing waits
    const first = Promise.resolve(post(order, headers));
    const others = Promise.resolve(post(order, withKey(other.writes, key)));
    try {
      await untilWaiting(2);
      const second = await post(order, headers);
      expect(problemOf(second)).toMatchObject({
        status: 409,
        title: 'It conflicts with what is there',
      });
      expect(second.headers['retry-after']).toBe('1');
    } finally {
      await database.query('COMMIT');
    }
    expect((await first).status).toBe(201);
    expect((await others).status).toBe(201);
    const third = await post(order, headers).expect(201);
    expect(third.body).toEqual((await first).body);
  });

  it('holds when many send it at once: one payment', async () => {
    const client = newClient();
    const headers = withKey(client.writes, randomUUID());
    const answers = await Promise.all(Array.from({ length: 30 }, () => post(order, headers)));
    const created = answers.filter(({ status }) => status === 201);
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    expect(new Set(created.map((answer) => paymentOf(answer).payment_id)).size).toBe(1);
    expect(await storedOf(client.id)).toBe(1);
  });

  it.each([
    ['empty', ''],
    ['longer than 255 characters', 'k'.repeat(256)],
    ['not ASCII', 'clé'],
    ['with a tab in it', 'a\tb'],
  ])('is refused by name: %s', async (_why, key) => {
    const client = newClient();
    const response = await post(order, withKey(client.writes, key));
    expect(problemOf(response)).toMatchObject({
      status: 400,
      detail: expect.stringContaining('Idempotency-Key') as string,
    });
    expect(await storedOf(client.id)).toBe(0);
  });

  it('is refused where it is there twice', async () => {
    const headers = { ...newClient().writes, 'Idempotency-Key': ['a', 'b'] };
    const response = await post(order, headers as unknown as Record<string, string>);
    expect(problemOf(response)).toMatchObject({
      status: 400,
      detail: expect.stringContaining('Idempotency-Key') as string,
    });
  });

  it('may have 255 characters and quotes', async () => {
    const key = `"${'k'.repeat(253)}"`;
    expect((await post(order, withKey(newClient().writes, key))).status).toBe(201);
  });
});

/** Waits until so many statements of the application wait for the lock that the test holds. */
async function untilWaiting(count: number): Promise<void> {
  const waiting = 'SELECT 1 FROM pg_locks WHERE NOT granted AND relation = $1::regclass';
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await database.query(waiting, ['payment'])).rowCount === count) return;
    await delay(10);
  }
  throw new Error('they do not wait');
}

describe('GET /payments/', () => {
  const list = (headers: Record<string, string>, query: object = {}) =>
    request(server).get('/payments/').query(query).set(headers);

  async function createMany(headers: Record<string, string>, count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let number = 1; number <= count; number += 1) {
      const created = await post({ ...order, reference: `no. ${number}` }, headers).expect(201);
      ids.unshift(paymentOf(created).payment_id);
    }
    return ids;
  }

  it('is empty for a client that has none', async () => {
    const response = await list(newClient().reads).expect(200);
    expect(response.body).toEqual({ items: [], next_cursor: null });
  });

  it('shows the client its own payments alone', async () => {
    const [one, other] = [newClient(), newClient()];
    const mine = paymentOf(await post(order, one.writes).expect(201));
    await post(order, other.writes).expect(201);
    expect(listOf(await list(one.reads).expect(200)).items).toEqual([mine]);
  });

  it('goes through all of them, once each, while new ones arrive', async () => {
    const client = newClient();
    const ids = await createMany(client.writes, 7);
    // Half of them at the very same time, so that the id has to decide.
    await database.query(
      `UPDATE payment SET created_at = '2026-01-01T00:00:00.123Z'
        WHERE client_id = $1 AND reference IN ('no. 1', 'no. 2', 'no. 3', 'no. 4')`,
      [client.id],
    );
    const seen: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const page = listOf(
        await list(client.reads, { limit: 2, ...(cursor !== null && { cursor }) }).expect(200),
      );
      seen.push(...page.items.map((payment) => payment.payment_id));
      cursor = page.next_cursor;
      pages += 1;
      await createMany(client.writes, 1);
    } while (cursor !== null);
    expect(pages).toBe(4);
    expect(seen.slice(0, 3)).toEqual(ids.slice(0, 3));
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  it('says that there is no more where a page is just full', async () => {
    const client = newClient();
    await createMany(client.writes, 2);
    expect(listOf(await list(client.reads, { limit: 2 }).expect(200)).next_cursor).toBeNull();
    expect(listOf(await list(client.reads, { limit: 1 }).expect(200)).next_cursor).not.toBeNull();
  });

  it('has 50 by default and 200 at most', async () => {
    const client = newClient();
    await database.query(
      `INSERT INTO payment (payment_id, client_id, amount, currency, reference, status)
       SELECT gen_random_uuid()::text, $1, 1.00, 'EUR', '', 'created' FROM generate_series(1, 201)`,
      [client.id],
    );
    expect(listOf(await list(client.reads).expect(200)).items).toHaveLength(50);
    expect(listOf(await list(client.reads, { limit: 200 }).expect(200)).items).toHaveLength(200);
  });

  it('gives another client nothing for a cursor that was not its own', async () => {
    const [one, other] = [newClient(), newClient()];
    await createMany(one.writes, 3);
    const { next_cursor: cursor } = listOf(await list(one.reads, { limit: 1 }).expect(200));
    const response = await list(other.reads, { cursor }).expect(200);
    expect(response.body).toEqual({ items: [], next_cursor: null });
  });

  it.each([
    ['limit', '0'],
    ['limit', '201'],
    ['limit', '-1'],
    ['limit', '1.5'],
    ['limit', '1e1'],
    ['limit', ''],
    ['limit', 'ten'],
    ['limit', '9'.repeat(30)],
    ['limit', '5&limit=5'],
    ['cursor', ''],
    ['cursor', 'garbage'],
    ['cursor', '%00'],
    ['cursor', "' OR 1=1 --"],
    ['cursor', 'a&cursor=b'],
    ['cursor', 'A'.repeat(100)],
    ['status', 'created'],
  ])('refuses %s=%s by name', async (name, value) => {
    const response = await request(server)
      .get(`/payments/?${name}=${value.replaceAll(' ', '+')}`)
      .set(newClient().reads);
    expect(problemOf(response)).toMatchObject({
      status: 400,
      title: 'A parameter is out of range',
      detail: expect.stringContaining(`: ${name}: `) as string,
    });
  });
});

describe('GET /payments/{payment_id}', () => {
  const get = (path: string, headers: Record<string, string>) =>
    request(server).get(`/payments/${path}`).set(headers);

  it('gives a client its own, with and without a trailing slash', async () => {
    const client = newClient();
    const { body } = (await post(order, client.writes).expect(201)) as { body: PaymentBody };
    expect((await get(body.payment_id, client.reads).expect(200)).body).toEqual(body);
    expect((await get(`${body.payment_id}/`, client.reads).expect(200)).body).toEqual(body);
  });

  it('tells no difference between an unknown one, a malformed id and another’s', async () => {
    const theirs = paymentOf(await post(order).expect(201)).payment_id;
    const mine = newClient();
    const paths = [randomUUID(), theirs, '1', '%00', '%F0%9F%98%80', 'x'.repeat(5000), 'fees2'];
    for (const path of paths) {
      expect(problemOf(await get(path, mine.reads))).toMatchObject({
        status: 404,
        title: 'Not found',
        detail: 'This client has no payment with this id.',
      });
    }
  });
});

describe('GET /payments/fees/', () => {
  it.each(['/payments/fees/', '/payments/fees'])('lists the fees at %s', async (path) => {
    const response = await request(server).get(path).set(asClient('boss', 'admin')).expect(200);
    expect(response.body).toEqual({
      items: [
        { currency: 'EUR', percent: '1.40', fixed: '0.25' },
        { currency: 'GBP', percent: '1.50', fixed: '0.20' },
        { currency: 'JPY', percent: '3.60', fixed: '30' },
        { currency: 'USD', percent: '2.90', fixed: '0.30' },
      ],
    });
  });
});

describe('hostile input', () => {
  it.each([
    '[]',
    '[[]]',
    '[{"amount":"1","currency":"EUR","reference":""}]',
    '"text"',
    '7',
    'true',
    '{"__proto__":{"amount":"1"},"currency":"EUR","reference":""}',
    '{"amount":{"toString":"x"},"currency":{"length":3},"reference":{"length":1}}',
  ])('is refused and never fails the server: %s', async (body) => {
    const client = newClient();
    const { status } = await post(body, client.writes);
    expect([400, 422]).toContain(status);
    expect(await storedOf(client.id)).toBe(0);
  });
});

describe('the customer’s page', () => {
  /** As the page has it, to the letter. */
  const EXAMPLE = `curl -X GET {{BASE_URL}}/payments/ \\
-H "Authorization: Bearer your_access_token"`;

  it('has a call that works as it stands', async () => {
    const client = newClient();
    const created = await post(order, client.writes).expect(201);
    const { port } = server.address() as AddressInfo;
    const token = client.reads.Authorization.replace('Bearer ', '');
    const call = EXAMPLE.replace('{{BASE_URL}}', `http://127.0.0.1:${port}`).replace(
      'your_access_token',
      token,
    );
    const { stdout } = await promisify(execFile)('sh', ['-c', call]);
    expect(JSON.parse(stdout)).toEqual({ items: [created.body], next_cursor: null });
  });
});
