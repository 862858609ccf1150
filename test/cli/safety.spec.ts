// Real: the built command line as processes, and PostgreSQL. How commands end that go wrong, and
// where secrets go.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { MAIN, postern, runPostern, type Postern } from './command-line.js';

const BROUGHT = 'a-secret-of-my-own.0123456789~ABCDEF';

let database: TestDatabase;
let environment: Record<string, string>;
let run: Postern;
let folder: string;

beforeAll(async () => {
  database = await createDatabase();
  environment = { DATABASE_URL: database.url };
  run = postern(environment);
  folder = mkdtempSync(join(tmpdir(), 'postern-cli-'));
  await run('admin', 'create', '--client-id', 'root');
});

afterAll(async () => {
  await database.drop();
  rmSync(folder, { recursive: true });
});

describe('help', () => {
  it('begins with examples, names the exit codes and needs no settings', async () => {
    const help = await runPostern({ PORT: 'wrong' }, ['--help']);
    expect(help.code).toBe(0);
    expect(help.stdout).toMatch(/^Examples:\n {2}\$ postern info\n/);
    expect(help.stdout).toMatch(/5 {2}it conflicts/);
    expect((await run('secrets', 'rotate', '--help')).stdout).toMatch(/^Examples:\n/);
  });
});

describe('wrong usage is exit 2, and nothing is done', () => {
  const CASES: [string, string[], RegExp][] = [
    ['no command', [], /^Examples:/],
    ['a mistyped noun', ['client', 'list'], /Did you mean clients\?/],
    ['a mistyped verb', ['clients', 'lst'], /Did you mean list\?/],
    ['a mistyped option', ['clients', 'list', '--limt', '5'], /Did you mean --limit\?/],
    ['a missing argument', ['clients', 'show'], /missing required argument 'client_id'/],
    ['a number out of range', ['clients', 'list', '--limit', '500'], /from 1 to 200/],
    ['a day that does not exist', ['audit', 'list', '--from', '2026-02-30'], /It must be a time/],
    ['a cursor of nowhere', ['clients', 'list', '--cursor', 'x'], /cursor/],
    ['no change', ['clients', 'update', 'root'], /Name a setting to change/],
    [
      'faults of a client, by their options',
      ['clients', 'create', '--client-name', ' ', '--scope', 'nope'],
      /^error: --client-name must .*\nerror: --scope names a scope that does not exist/m,
    ],
    ['another name than that asked for', ['clients', 'delete', 'root', '--confirm', 'x'], /repeat/],
  ];
  it.each(CASES)('%s', async (_what, args, message) => {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('a wrong setting, one line each', async () => {
    const ended = await runPostern({ PORT: '0', DATABASE_URL: 'mysql://u:geheim@h/d' }, ['info']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/^error: PORT .*\nerror: DATABASE_URL .*\n$/);
    expect(ended.stderr).not.toContain('geheim');
  });

  it('a secret in an option that does not exist, which is not repeated', async () => {
    const ended = await run('admin', 'reset', 'root', `--client-secret=${BROUGHT}`);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("unknown option '--client-secret'");
    expect(ended.stderr).not.toContain(BROUGHT);
  });
});

describe('other exit codes', () => {
  it('3: what is not there', async () => {
    const ended = await run('clients', 'show', 'nobody');
    expect(ended).toMatchObject({ code: 3, stdout: '' });
    expect(ended.stderr).toBe('error: There is no client with this id.\n');
  });

  it('5: the last working admin stays, and an id is taken once', async () => {
    const deleted = await run('clients', 'delete', 'root', '--confirm', 'root');
    expect(deleted.code).toBe(5);
    expect(deleted.stderr).toContain('last working admin');
    expect((await run('admin', 'create', '--client-id', 'root')).code).toBe(5);
  });

  it('4: the database refuses the user', async () => {
    const url = new URL(database.url);
    url.username = 'stranger';
    const ended = await runPostern({ DATABASE_URL: url.href }, ['clients', 'list']);
    expect(ended.code).toBe(4);
  });

  it('6: nobody answers, or there is no database of Postern', async () => {
    const unreachable = { DATABASE_URL: 'postgres://u:geheim@127.0.0.1:1/d', DB_WAIT_S: '0' };
    const ended = await runPostern(unreachable, ['clients', 'list']);
    expect(ended.code).toBe(6);
    expect(ended.stderr).not.toContain('geheim');

    const empty = await createDatabase('empty');
    const none = await runPostern({ DATABASE_URL: empty.url }, ['clients', 'list']);
    expect(none.code).toBe(6);
    expect(await empty.query(`SELECT 1 FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
    const first = await runPostern({ DATABASE_URL: empty.url }, ['admin', 'create']);
    expect(first.code).toBe(0);
    expect(first.stderr).toContain('Migrations run: ');
    await empty.drop();
  });
});

describe('a new secret', () => {
  it('goes to a file of its owner alone, and nowhere else', async () => {
    const out = join(folder, 'secret');
    const made = await run('admin', 'create', '--client-id', 'ops', '--out', out, '--json');
    expect(made.code).toBe(0);
    const secret = readFileSync(out, 'utf8');
    expect(secret).toMatch(/^pst_[A-Za-z0-9]{40}\n$/);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(made.json()).not.toHaveProperty('client_secret');
    expect(made.stdout + made.stderr).not.toContain(secret.trim());

    const again = await run('secrets', 'rotate', 'ops', '--out', out);
    expect(again.code).toBe(5);
    expect(readFileSync(out, 'utf8')).toBe(secret);
  });

  it('leaves no file where none is made', async () => {
    const out = join(folder, 'none');
    expect((await run('secrets', 'rotate', 'nobody', '--out', out)).code).toBe(3);
    expect(() => statSync(out)).toThrow('ENOENT');
  });
});

describe('admin reset', () => {
  it('lets a client in again that lost all, with a secret from stdin, and is audited', async () => {
    await run('clients', 'create', '--client-id', 'lost', '--client-name', 'L', '--scope', 'read');
    await run('clients', 'disable', 'lost', '--confirm', 'lost');
    const args = ['admin', 'reset', 'lost', '--secret-stdin', '--json'];
    const reset = await runPostern(environment, args, `${BROUGHT}\n`);
    expect(reset.code).toBe(0);
    expect(reset.json()).toMatchObject({
      client_id: 'lost',
      enabled: true,
      scope: 'read admin',
      default_scope: 'read',
      secrets: [{}, { hint: '…CDEF', expires_at: null }],
    });
    expect(reset.stdout + reset.stderr).not.toContain(BROUGHT);
    const rows = await database.query<{ action: string; actor: string }>(
      `SELECT action, actor FROM audit_event WHERE client_id = 'lost' ORDER BY "time" DESC LIMIT 2`,
    );
    expect(rows.map(({ action }) => action).toSorted()).toEqual([
      'client.updated',
      'secret.created',
    ]);
    expect(rows.every(({ actor }) => actor.startsWith('os:'))).toBe(true);
  });

  it('takes a secret from a file, or makes one; one that is none is exit 2', async () => {
    const file = join(folder, 'brought');
    writeFileSync(file, 'too short');
    const wrong = await run('admin', 'reset', 'lost', '--secret-file', file);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).not.toContain('too short');
    const made = await run(
      ...['admin', 'reset', 'lost', '--expires-previous-in', '0', '--confirm', 'lost', '--json'],
    );
    expect(made.json()).toMatchObject({ client_secret: expect.stringMatching(/^pst_/) });
  });

  it('tells what it leaves in the way', async () => {
    await run(
      ...['clients', 'create', '--client-id', 'far', '--client-name', 'F', '--scope', 'read'],
      ...['--allowed-ips', '192.0.2.0/24'],
    );
    const reset = await run('admin', 'reset', 'far');
    expect(reset.code).toBe(0);
    expect(reset.stderr).toContain("postern clients update far --allowed-ips ''");
  });
});

const scriptIsThere = spawnSync('script', ['--version']).status === 0;

/** Runs a command on a terminal of its own, and types. */
async function onTerminal(args: string, typed: string, settings: Record<string, string> = {}) {
  const command = `${process.execPath} ${MAIN} ${args}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    env: { ...process.env, ...environment, ...settings },
    stdio: 'pipe',
  });
  child.stdout.once('data', () => child.stdin.write(typed));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { shown: await text(child.stdout), code: await closed };
}

(scriptIsThere ? describe : describe.skip)('on a terminal', () => {
  it('asks before what can not be undone; a declined question is exit 4', async () => {
    const declined = await onTerminal('clients delete ops', 'no\r');
    expect(declined.shown).toContain('Type ops to go on: ');
    expect(declined.code).toBe(4);
    expect((await onTerminal('clients delete ops', 'ops\r')).code).toBe(0);
  });

  it('shows heads in bold, unless NO_COLOR is set', async () => {
    const { shown } = await onTerminal('scopes list', '');
    expect(shown).toContain('\u001b[1mSCOPE');
    const plain = await onTerminal('scopes list', '', { NO_COLOR: '1' });
    expect(plain.shown).not.toContain('\u001b');
  });
});
