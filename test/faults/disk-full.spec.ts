/**
 * The disk of PostgreSQL runs full under load: of its data, and of its log (WAL), at which it
 * crashes. Real: the built server, Debian's PostgreSQL 15 on a small file system of its own.
 */
import { expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdir, chown } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { generateClientSecret } from '../../src/clients/domain/client-secret.js';
import { cleanUpAfterEach } from '../support/clean-up.js';
import { DebianPostgres, describeWithDebianPostgres } from '../support/debian-postgres.js';
import { assertKept, assertTokensKept } from '../support/kept.js';
import { inFull } from '../support/lengths.js';
import { MixedLoad } from '../support/mixed-load.js';
import { describeWhere } from '../support/programs.js';
import { startProcess, type ServerProcess } from '../support/server.js';
import { until } from '../support/until.js';
import { castAt, slowestOf, WatchedLoad, type Asked } from '../support/watched-load.js';

/** At least: it lasts until there was a refusal. */
const FULL_MS = inFull(6000, 1500);
const DB_TIMEOUT_MS = 2000;
/** What the server needs beside its database, at most; and what a busy machine may add. */
const BESIDE_MS = 500;
const ROOM_MS = 1000;
/** The bound. */
const RECOVERS_WITHIN_MS = 2000;
const SO_WITHIN_MS = 60_000;
const LONG = 240_000;
const NOBODY = 65_534;

const admin = { clientId: 'test-admin', clientSecret: generateClientSecret() };
const cleanUp = cleanUpAfterEach();

describeWhere(canMount(), 'This user may not mount a file system.', 'A full disk', () => {
  describeWithDebianPostgres('at PostgreSQL', () => {
    it(
      'of its data: what would be written is 503, what is read is served, nothing answered is lost',
      async () => {
        const disk = mounted(96);
        const log = await folder(tmpdir());
        const postgres = await DebianPostgres.make([], { in: disk, initdb: ['-X', log] });
        cleanUp(() => postgres.remove());
        expect(await fullDisk({ postgres, disk, crashes: false })).toEqual([]);
      },
      LONG,
    );

    it(
      'of its log, at which it crashes: 503 until it runs with room again, nothing answered is lost',
      async () => {
        const disk = mounted(64);
        const log = await folder(disk);
        const postgres = await DebianPostgres.make(['max_wal_size = 32MB', 'min_wal_size = 2MB'], {
          initdb: ['-X', log, '--wal-segsize=1'],
        });
        cleanUp(() => postgres.remove());
        expect(await fullDisk({ postgres, disk, crashes: true })).toEqual([]);
      },
      LONG,
    );
  });
});

interface Setting {
  readonly postgres: DebianPostgres;
  readonly disk: string;
  /** Whether PostgreSQL ends its processes, and then starts them again or itself ends too. */
  readonly crashes: boolean;
}

/** @returns the answers that were neither right nor an honest refusal */
async function fullDisk({ postgres, disk, crashes }: Setting): Promise<readonly Asked[]> {
  await postgres.start();
  const server = await startProcess({
    DATABASE_URL: postgres.url,
    ADMIN_CLIENT_ID: admin.clientId,
    ADMIN_CLIENT_SECRET: admin.clientSecret,
    SHUTDOWN_DRAIN_MS: '0',
  });
  cleanUp(() => server.stop('SIGKILL'));
  const load = await WatchedLoad.start(await castAt(server.baseUrl, admin));
  cleanUp(() => load.stop());
  // For what each change leaves behind: clients, secrets, and the audit trail.
  const mixed = await MixedLoad.start([server], admin);
  cleanUp(() => mixed.stop());
  await mixed.ledger.answered(50);

  const beganAt = performance.now();
  const ballast = fillUp(disk);
  const writesAreRefused = () =>
    load.asked.some(({ route, verdict }) => route === 'a token' && verdict === 'refused');
  await until(async () => {
    fillUpMore(ballast);
    if (crashes) await writeLog(postgres);
    return writesAreRefused() && (!crashes || postgres.log.includes('PANIC'));
  }, SO_WITHIN_MS);
  await delay(FULL_MS);
  rmSync(ballast);
  await runsAgain(postgres);
  const endedAt = performance.now();
  const servedAt = await load.rightSince(endedAt, SO_WITHIN_MS);
  await mixed.ledger.answered(50);
  await Promise.all([load.stop(), mixed.stop()]);

  const during = load.asked.filter(({ answeredAt }) => answeredAt > beganAt);
  tell(crashes ? 'log' : 'data', during, servedAt - endedAt);
  const statuses = (of: Asked['route']) =>
    during.filter(({ route }) => route === of).map(({ status }) => status);
  expect(new Set(statuses('liveness'))).toEqual(new Set([200]));
  // Tokens can be checked while none can be written: there is something to send requests for.
  expect(statuses('readiness').includes(503)).toBe(crashes);
  expect(slowestOf(during)).toBeLessThan(DB_TIMEOUT_MS + BESIDE_MS + ROOM_MS);
  expect(servedAt - endedAt).toBeLessThan(RECOVERS_WITHIN_MS + ROOM_MS);
  expect(mixed.ledger.refused.filter((status) => status !== 503)).toEqual([]);
  await assertWhole(server, load, postgres);
  await assertKept(mixed.ledger, server.baseUrl, admin, (text) => postgres.query(text));
  expect(server.process.exitCode).toBeNull();
  return load.asked.filter(({ verdict }) => verdict === 'wrong');
}

/** Writes a megabyte of log: there are files of it that can be used once more. */
async function writeLog(postgres: DebianPostgres): Promise<void> {
  const text = `SELECT pg_logical_emit_message(true, 'test', repeat('x', 1000000))`;
  // That it fails is what is waited for.
  await postgres.query(text).catch(() => undefined);
}

/** Waits until it answers; starts it where it has ended itself. */
async function runsAgain(postgres: DebianPostgres): Promise<void> {
  await until(async () => {
    if (!postgres.runs) await postgres.start();
    return postgres.query('SELECT 1').then(
      () => true,
      () => false,
    );
  }, SO_WITHIN_MS);
}

/** All that was answered is there, and PostgreSQL's own tools find nothing wrong. */
async function assertWhole(
  { baseUrl }: ServerProcess,
  load: WatchedLoad,
  postgres: DebianPostgres,
): Promise<void> {
  await assertTokensKept(load, baseUrl, admin);
  await postgres.tool('pg_amcheck', ['--install-missing', '--heapallindexed', 'postgres']);
  expect(await postgres.tool('pg_dump')).toContain('PostgreSQL database dump complete');
}

/** Mounts a file system in memory; it goes with the test. */
function mounted(megabytes: number): string {
  const disk = mkdtempSync(join(tmpdir(), 'postern-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=1777`, 'tmpfs', disk]);
  cleanUp(() => {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });
  return disk;
}

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  const place = mkdtempSync(join(tmpdir(), 'postern-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'ignore' });
    execFileSync('umount', [place]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** An empty folder that PostgreSQL may write to. */
async function folder(parent: string): Promise<string> {
  const path = join(mkdtempSync(join(parent, 'postern-wal-')), 'wal');
  await mkdir(path, { mode: 0o700 });
  await chown(join(path, '..'), NOBODY, NOBODY);
  await chown(path, NOBODY, NOBODY);
  if (parent === tmpdir()) cleanUp(() => rmSync(join(path, '..'), { recursive: true }));
  return path;
}

/** Writes until there is no room; gives the file. */
function fillUp(disk: string): string {
  const file = join(disk, 'ballast');
  fillUpMore(file);
  return file;
}

function fillUpMore(file: string): void {
  const handle = openSync(file, 'a');
  try {
    for (const size of [1_048_576, 4096]) writeAll(handle, Buffer.alloc(size));
  } finally {
    closeSync(handle);
  }
}

function writeAll(handle: number, piece: Buffer): void {
  try {
    while (writeSync(handle, piece) === piece.length);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

function tell(what: string, asked: readonly Asked[], recoveredMs: number): void {
  const refused = asked.filter(({ verdict }) => verdict === 'refused');
  process.stderr.write(
    `a full disk of the ${what}: ${asked.length} answers, ${refused.length} refused, slowest ${Math.round(slowestOf(refused))} ms, service after ${Math.round(recoveredMs)} ms\n`,
  );
}
