/**
 * Bytes that are no request, or one that no client would send. Real: the built server, sockets. What
 * is answered has the form of an error, or the connection is closed; and the server goes on.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { connect } from 'node:net';
import { Dice } from '../support/generated/dice.js';
import { HOSTILE_TEXTS } from '../support/generated/hostile.js';
import { getToken, send } from '../support/http.js';
import { inFull } from '../support/lengths.js';
import { startServer, type TestServer } from '../support/server.js';

const EACH = inFull(400, 60);
const CONNECTIONS = 16;
const SEED = Number(process.env.GENERATED_SEED ?? randomInt(2 ** 31));
/** Then this side has had its say; what the server still waits for is its own limits' business. */
const QUIET_MS = 100;
const GIVE_UP_MS = 10_000;
const TEST_TIMEOUT_MS = 300_000;

const FORM = 'Content-Type: application/x-www-form-urlencoded';
const GRANT = 'grant_type=client_credentials';

type Garbage = (dice: Dice) => string | Buffer;

const request = (line: string, lines: readonly string[] = [], body = ''): string =>
  [`${line} HTTP/1.1`, 'Host: postern.test', ...lines, '', body].join('\r\n');

const noise = (dice: Dice, most: number): Buffer =>
  Buffer.from(Array.from({ length: 1 + dice.below(most) }, () => dice.below(256)));

const TARGETS = [
  '/',
  '/o/token/',
  '/clients/',
  '/health/live',
  '/docs',
  '/nothing/here',
  '/%',
  '*',
];

/** Each kind of what may come over a socket. */
const KINDS: Readonly<Record<string, Garbage>> = {
  'bytes of chance': (dice) => noise(dice, 2000),
  'bytes of chance after a good line': (dice) =>
    Buffer.concat([Buffer.from('GET / HTTP/1.1\r\n'), noise(dice, 500), Buffer.from('\r\n\r\n')]),
  'a good request with bytes changed': (dice) => {
    const bytes = Buffer.from(request('POST /o/token/', [FORM, 'Content-Length: 29'], GRANT));
    for (let count = 1 + dice.below(4); count > 0; count -= 1) {
      bytes[dice.below(bytes.length)] = dice.below(256);
    }
    return bytes;
  },
  'a TLS hello': () => Buffer.from('160301020001000001fc0303', 'hex'),
  'the preface of HTTP/2': () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'another version': (dice) =>
    `GET / HTTP/${dice.pick(['0.9', '1.0', '1.2', '2.0', '3', '9.9', 'x'])}\r\nHost: x\r\n\r\n`,
  'no Host, or two': (dice) =>
    `GET ${dice.pick(TARGETS)} HTTP/1.1\r\n${dice.pick(['', 'Host: a\r\nHost: b\r\n', 'Host: \r\n'])}\r\n`,
  'a head too large': (dice) => request('GET /', [`X: ${'x'.repeat(15_000 + dice.below(9000))}`]),
  'a target too long': (dice) => request(`GET /${'a'.repeat(10_000 + dice.below(12_000))}`),
  'thousands of headers': (dice) => request('GET /', Array(1000 + dice.below(3000)).fill('a: b')),
  'an odd target': (dice) =>
    Buffer.from(request(`GET /${dice.pick(HOSTILE_TEXTS)}${dice.pick(TARGETS)}`), 'utf8'),
  'a NUL in the target': (dice) => request(`GET ${dice.pick(TARGETS)}\0x`),
  'a target in absolute form': (dice) =>
    request(
      `GET ${dice.pick(['http://x', 'https://x:1', 'http://[::1', '//x', 'x:'])}${dice.pick(TARGETS)}`,
    ),
  CONNECT: (dice) => request(`CONNECT ${dice.pick(['x:443', '/', '/o/token/', 'x', '*'])}`),
  TRACE: (dice) => request(`TRACE ${dice.pick(TARGETS)}`, ['Authorization: Bearer secret']),
  'an odd method': (dice) =>
    request(`${dice.pick(['FOO', 'get', 'G@T', '', 'M-SEARCH', 'PROPFIND', 'SOURCE'])} /`),
  'an upgrade': (dice) =>
    request(`GET ${dice.pick(TARGETS)}`, [
      'Connection: Upgrade',
      `Upgrade: ${dice.pick(['websocket', 'h2c', 'TLS/1.0', 'x'])}`,
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version: 13',
    ]),
  'an expectation': (dice) =>
    request(
      'POST /o/token/',
      [FORM, 'Content-Length: 29', `Expect: ${dice.pick(['100-continue', '200-ok', 'x', ''])}`],
      GRANT,
    ),
  'broken chunks': (dice) =>
    request(
      'POST /o/token/',
      [FORM, 'Transfer-Encoding: chunked'],
      dice.pick([
        'zz\r\n',
        '-1\r\n',
        'ffffffffffffffff1\r\n',
        '5\r\nabc\r\n0\r\n\r\n',
        '1d\r\n' + GRANT + 'x\r\n0\r\n\r\n',
        `1d;${'e'.repeat(17_000)}\r\n${GRANT}\r\n0\r\n\r\n`,
        `1d\r\n${GRANT}\r\n0\r\nX: ${'t'.repeat(17_000)}\r\n\r\n`,
        '1d\n' + GRANT + '\n0\n\n',
      ]),
    ),
  'two lengths': (dice) =>
    request(
      'POST /o/token/',
      [
        FORM,
        ...dice.pick([
          ['Content-Length: 29', 'Content-Length: 5'],
          ['Content-Length: 29', 'Transfer-Encoding: chunked'],
          ['Content-Length: -1'],
          ['Content-Length: 29, 29'],
          ['Content-Length: 99999999999999999999'],
          ['Content-Length: 0x1d'],
          ['Transfer-Encoding: identity, chunked'],
          ['Transfer-Encoding: xchunked'],
        ]),
      ],
      GRANT,
    ),
  'a header folded, or without a name': (dice) =>
    request('GET /', [dice.pick(['X: a\r\n b', ': x', 'X x: y', 'X\0: y', 'X: \0', 'X : y', 'X'])]),
  'a second request hidden in the body': () =>
    request(
      'GET /health/live',
      ['Content-Length: 40'],
      'GET /clients/ HTTP/1.1\r\nHost: x\r\n\r\n',
    ),
  'two at once, the second cut short': (dice) =>
    request('GET /health/live') + request('GET /clients/').slice(0, dice.below(40)),
};

describe('Raw bytes', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ LOG_LEVEL: 'error' });
  });

  afterAll(async () => {
    await server?.stop();
  });

  it.each(Object.entries(KINDS))(
    '%s: answered in the form of an error, or cut off',
    async (name, garbage) => {
      const faults: string[] = [];
      const dice = new Dice(SEED);
      const call = async (count: number): Promise<void> => {
        for (let sent = 0; sent < count; sent += 1) {
          const bytes = garbage(dice);
          const answer = await exchange(server.baseUrl, bytes);
          const wrong = faultOf(answer);
          if (wrong !== undefined) {
            faults.push(`${wrong}: ${Buffer.from(bytes).toString('latin1')}\n--- ${answer}`);
          }
        }
      };
      const each = Math.ceil(EACH / CONNECTIONS);
      await Promise.all(Array.from({ length: CONNECTIONS }, () => call(each)));
      if (faults.length > 0) process.stderr.write(`GENERATED_SEED=${SEED} (${name})\n`);
      expect(faults).toEqual([]);
      expect((await send(`${server.baseUrl}/health/ready`)).status).toBe(200);
    },
    TEST_TIMEOUT_MS,
  );

  it('have left the server in health', async () => {
    expect(server.process.exitCode).toBeNull();
    expect(server.output()).not.toMatch(/"level":(50|60|"error"|"fatal")/);
    expect(await getToken(server.baseUrl, server.admin, 'admin')).toMatch(/^\w{30}$/);
  });
});

/** Sends bytes, says that there will be no more, and gives all that comes back until the end. */
function exchange(baseUrl: string, bytes: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const chunks: Buffer[] = [];
    const giveUp = setTimeout(() => {
      socket.destroy();
      reject(new Error(`open after ${GIVE_UP_MS} ms: ${Buffer.concat(chunks).toString('latin1')}`));
    }, GIVE_UP_MS);
    const end = (): void => {
      clearTimeout(giveUp);
      socket.destroy();
      resolve(Buffer.concat(chunks).toString('latin1'));
    };
    let quiet: NodeJS.Timeout | undefined;
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      quiet?.refresh();
    });
    socket.on('end', end).on('close', end).on('error', end);
    socket.write(bytes);
    quiet = setTimeout(() => socket.end(), QUIET_MS);
  });
}

/** What is wrong with what came back; undefined where nothing is. */
function faultOf(answer: string): string | undefined {
  if (answer === '') return undefined;
  for (const one of answer.split(/(?=HTTP\/1\.1 \d{3} )/)) {
    const [head = '', body = ''] = one.split('\r\n\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0);
    if (status === 100) continue;
    if (status < 200) return `no status, or ${status}`;
    if (status >= 500) return `status ${status}`;
    if (!/^X-Request-Id: \S+$/im.test(head)) return 'no X-Request-Id';
    if (status < 400) continue;
    if (!/^Content-Type: application\/(problem\+)?json/im.test(head)) return 'no error document';
    if (!/^Cache-Control: no-store\r?$/im.test(head)) return 'no no-store';
    if (!isErrorDocument(body, status)) return 'no error document in the body';
    if (/secret/i.test(body) && status === 405) return 'an echo';
  }
  return undefined;
}

function isErrorDocument(body: string, status: number): boolean {
  try {
    const told = JSON.parse(Buffer.from(body, 'latin1').toString()) as Record<string, unknown>;
    return typeof told.error_description === 'string' || told.status === status;
  } catch {
    return false;
  }
}
