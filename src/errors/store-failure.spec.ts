import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Client, DatabaseError } from 'pg';
import {
  QueryFailedError,
  QueryRunnerAlreadyReleasedError,
  QueryRunnerProviderAlreadyReleasedError,
} from 'typeorm';
import { isStoreUnavailable } from './store-failure.js';

/** An error as PostgreSQL sends it and node-postgres gives it. */
function sqlError(code: string, message = 'it failed'): DatabaseError {
  return Object.assign(new DatabaseError(message, 100, 'error'), { severity: 'ERROR', code });
}

/** A failure of Node's sockets. */
function socketError(code: string): Error {
  return Object.assign(new Error(`connect ${code} 127.0.0.1:5432`), {
    code,
    errno: -111,
    syscall: 'connect',
  });
}

function throughTypeOrm(error: Error): QueryFailedError {
  return new QueryFailedError('SELECT 1', [], error);
}

describe('the store is out of reach', () => {
  it.each([
    ['08000', 'connection exception'],
    ['08003', 'connection does not exist'],
    ['08006', 'connection failure'],
    ['28P01', 'a wrong password'],
    ['3D000', 'no such database'],
    ['53100', 'disk full'],
    ['53300', 'too many connections'],
    ['57014', 'a statement time-out'],
    ['57P01', 'shut down by the administrator'],
    ['57P02', 'a crash of another session'],
    ['57P03', 'it is starting up'],
    ['25006', 'it is a standby'],
    ['55000', 'it takes no connections'],
    ['55P03', 'a lock time-out'],
  ])('where PostgreSQL says %s: %s', (code, message) => {
    expect(isStoreUnavailable(sqlError(code, message))).toBe(true);
    expect(isStoreUnavailable(throughTypeOrm(sqlError(code, message)))).toBe(true);
  });

  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOENT',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EPIPE',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ENETUNREACH',
  ])('where a socket says %s', (code) => {
    expect(isStoreUnavailable(socketError(code))).toBe(true);
  });

  it.each([
    'timeout exceeded when trying to connect',
    'Query read timeout',
    'Connection terminated',
    'Connection terminated unexpectedly',
    'Connection terminated due to connection timeout',
    'Client has encountered a connection error and is not queryable',
    'Client was closed and is not queryable',
    'Cannot use a pool after calling end on the pool',
  ])('where node-postgres says "%s", without a code', (message) => {
    expect(isStoreUnavailable(new Error(message))).toBe(true);
    expect(isStoreUnavailable(throughTypeOrm(new Error(message)))).toBe(true);
  });

  it('where a connection broke between two statements of a transaction', () => {
    expect(isStoreUnavailable(new QueryRunnerAlreadyReleasedError())).toBe(true);
    expect(isStoreUnavailable(new QueryRunnerProviderAlreadyReleasedError())).toBe(true);
  });

  it('where every address of its name failed', () => {
    const both = new AggregateError([new Error('?'), socketError('ECONNREFUSED')]);
    expect(isStoreUnavailable(both)).toBe(true);
  });

  it('where it is the cause of the cause', () => {
    const cause = new Error('inner', { cause: socketError('ECONNRESET') });
    expect(isStoreUnavailable(new Error('outer', { cause }))).toBe(true);
  });

  // A database behind a firewall that drops: the start does not wait for it, it ends (prepare-database.ts).
  it('where a connection of its own gets no answer in time', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined)).listen(
      0,
      '127.0.0.1',
    );
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const client = new Client({ host: '127.0.0.1', port, connectionTimeoutMillis: 50 });
    const failure: unknown = await client.connect().catch((error: unknown) => error);
    silent.close();
    expect(failure).toEqual(new Error('timeout expired'));
    expect(isStoreUnavailable(failure)).toBe(true);
  });
});

describe('the store has answered', () => {
  it.each([
    ['23505', 'a duplicate key'],
    ['23514', 'no partition for the row'],
    ['22021', 'a NUL in a text'],
    ['22P02', 'a malformed number'],
    ['40001', 'a serialisation failure'],
    ['42601', 'a syntax error'],
    ['42P01', 'no such table'],
    ['42501', 'no permission'],
    ['XX000', 'an internal error'],
  ])('where PostgreSQL says %s: %s', (code, message) => {
    expect(isStoreUnavailable(sqlError(code, message))).toBe(false);
    expect(isStoreUnavailable(throughTypeOrm(sqlError(code, message)))).toBe(false);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'ECONNREFUSED'],
    ['a number', 57014],
    ['an object that looks like one', { code: 'ECONNREFUSED' }],
    ['a plain error', new Error('no')],
    ['a defect', new TypeError('x is not a function')],
    ['a code that is a number', Object.assign(new Error('no'), { code: 57014 })],
    ['a code with more behind it', Object.assign(new Error('no'), { code: '57014x' })],
    ['a message that only quotes one', new Error('the log says: Query read timeout')],
  ])('where %s was thrown', (_what, thrown) => {
    expect(isStoreUnavailable(thrown)).toBe(false);
  });

  // isStoreUnavailable follows `cause` without end: the error filter itself would throw.
  it('where a failure is its own cause', () => {
    const failure = new Error('no');
    failure.cause = failure;
    expect(isStoreUnavailable(failure)).toBe(false);
  });
});
