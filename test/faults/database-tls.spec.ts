/** TLS to PostgreSQL. Real: Debian's PostgreSQL 15 with a certificate of a CA made here, the built server. */
import { expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DebianPostgres, describeWithDebianPostgres } from '../support/debian-postgres.js';
import { send } from '../support/http.js';
import { spawnServer, startProcess } from '../support/server.js';

describeWithDebianPostgres('A database that speaks TLS alone', () => {
  let postgres: DebianPostgres;
  let directory: string;
  const file = (name: string): string => join(directory, name);
  const openssl = (...options: string[]): void => {
    execFileSync('openssl', options, { cwd: directory, stdio: 'ignore' });
  };

  function makeCa(name: string): void {
    const subject = ['-subj', `/CN=${name}`, '-days', '2'];
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, ...keyAnd(name));
  }

  const keyAnd = (name: string): string[] => ['-keyout', `${name}.key`, '-out', `${name}.crt`];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'postern-tls-'));
    makeCa('ca');
    makeCa('another-ca');
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=localhost',
      '-keyout',
      's.key',
      '-out',
      's.csr',
    );
    writeFileSync(file('s.ext'), 'subjectAltName=DNS:localhost');
    openssl(
      'x509',
      '-req',
      '-in',
      's.csr',
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      's.ext',
      '-out',
      's.crt',
    );
    postgres = await DebianPostgres.make();
    const certificate = await postgres.keep('server.crt', readFileSync(file('s.crt')));
    const key = await postgres.keep('server.key', readFileSync(file('s.key')));
    await postgres.configure([
      'ssl = on',
      `ssl_cert_file = '${certificate}'`,
      `ssl_key_file = '${key}'`,
    ]);
    await postgres.start();
    await postgres.keep('pg_hba.conf', 'hostssl all all 127.0.0.1/32 trust\n');
    await postgres.query('SELECT pg_reload_conf()');
  });

  afterAll(async () => {
    await postgres?.remove();
    rmSync(directory, { recursive: true });
  });

  const url = (host: string, ca: string): string =>
    `postgres://postern:hidden-password@${host}:${postgres.port}/postgres?sslmode=verify-full&sslrootcert=${file(ca)}`;

  it('is served from with the right CA and host, over TLS', async () => {
    const server = await startProcess({
      DATABASE_URL: url('localhost', 'ca.crt'),
      SHUTDOWN_DRAIN_MS: '0',
    });
    expect((await send(`${server.baseUrl}/health/ready`)).status).toBe(200);
    expect(await server.stop()).toBe(0);
  });

  it('is found among several hosts, over TLS', async () => {
    const hosts = url(`localhost:1,localhost`, 'ca.crt');
    const server = await startProcess({ DATABASE_URL: hosts, SHUTDOWN_DRAIN_MS: '0' });
    expect((await send(`${server.baseUrl}/health/ready`)).status).toBe(200);
    expect(await server.stop()).toBe(0);
  });

  it.each([
    [
      'another CA',
      'localhost',
      'another-ca.crt',
      /^The database's certificate is not trusted .*sslrootcert/,
    ],
    [
      'another host',
      '127.0.0.1',
      'ca.crt',
      /^The database's certificate is for another host .*127\.0\.0\.1/,
    ],
  ])('is refused with %s, in one line that says so', async (_what, host, ca, line) => {
    const server = spawnServer({ DATABASE_URL: url(host, ca), DB_WAIT_S: '0' });
    await once(server.process, 'close');
    expect(server.process.exitCode).toBe(1);
    expect(server.output()).toMatch(line);
    expect(server.output().trim().split('\n')).toHaveLength(1);
    expect(server.output()).not.toContain('hidden-password');
  });

  it('is refused without TLS', async () => {
    const plain = `postgres://postern@localhost:${postgres.port}/postgres`;
    const server = spawnServer({ DATABASE_URL: plain, DB_WAIT_S: '0' });
    await once(server.process, 'close');
    expect(server.process.exitCode).toBe(1);
  });
});
