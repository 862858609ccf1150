/**
 * Who guesses learns nothing from how long a refusal takes, nor from what it says. Real: the built
 * server, PostgreSQL, HTTP over a few kept connections, with the requests of all kinds mixed at random.
 *
 * Compared by the effect size of Mann and Whitney: how probable it is that a request of one kind
 * takes longer than one of the other. 0.5 is no difference, 1 is a difference that one request shows.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { generateClientId, generateClientSecret } from '../../src/clients/domain/client-secret.js';
import { aClient, type StoredClient } from '../support/builders.js';
import { basic } from '../support/http.js';
import { inFull } from '../support/lengths.js';
import { effectSize, standardError } from '../support/mann-whitney.js';
import { startServer, type TestServer } from '../support/server.js';
import { Wire, type WireAnswer } from '../support/wire.js';

const EACH = inFull(5000, 800);
/** In the full form chance alone is far below it; in the short form chance gets its room. */
const BOUND = 0.55 + inFull(0, 4 * standardError(EACH, EACH));
const WARM_UP = 100;
/** So few that they hardly meet; more of them save time, and hide more. */
const CALLERS = inFull(2, 4);
const TEST_TIMEOUT_MS = 600_000;
const TOKEN = '/o/token/';
const BODY = 'grant_type=client_credentials&token=x';
const ELSEWHERE = ['192.0.2.0/24'];

/** Gives the credentials of one more attempt of a kind. */
type Kind = () => StoredClient;

const wrong = ({ clientId }: StoredClient): StoredClient => ({
  clientId,
  clientSecret: generateClientSecret(),
});

/** One attempt; each from another address, so that none is held off. */
function attempt(client: StoredClient, path: string): string {
  return [
    `POST ${path} HTTP/1.1`,
    'Host: postern.test',
    `X-Forwarded-For: 10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`,
    `Authorization: ${basic(client)}`,
    'Content-Type: application/x-www-form-urlencoded',
    `Content-Length: ${BODY.length}`,
    '',
    BODY,
  ].join('\r\n');
}

describe('Refused attempts to authenticate', () => {
  let server: TestServer;
  let wires: Wire[];

  beforeAll(async () => {
    server = await startServer({ TRUST_PROXY: '127.0.0.1' });
    wires = Array.from({ length: CALLERS }, () => new Wire(server.baseUrl));
  });

  afterAll(async () => {
    for (const wire of wires ?? []) wire.close();
    await server?.stop();
  });

  /** Milliseconds of each attempt by kind, and the different answers to all of them. */
  async function measure(kinds: ReadonlyMap<string, Kind>, each: number, path: string) {
    const times = new Map([...kinds.keys()].map((name) => [name, [] as number[]]));
    const answers = new Set<string>();
    const queue = shuffled([...kinds.keys()].flatMap((name) => Array<string>(each).fill(name)));
    const call = async (wire: Wire): Promise<void> => {
      for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
        const request = attempt(kinds.get(name)?.() as StoredClient, path);
        const start = performance.now();
        const answer = await wire.exchange(request);
        times.get(name)?.push(performance.now() - start);
        answers.add(withoutIds(answer));
      }
    };
    await Promise.all(wires.map(call));
    return { times, answers };
  }

  /** Measures and prints: one answer to all of them, and no pair that can be told apart. */
  async function expectAlike(kinds: ReadonlyMap<string, Kind>, path: string): Promise<void> {
    await measure(kinds, WARM_UP, path);
    const { times, answers } = await measure(kinds, EACH, path);
    const effects = pairs([...times.keys()]).map(([one, other]) => ({
      pair: `${one} / ${other}`,
      effect: effectSize(times.get(one) ?? [], times.get(other) ?? []),
    }));
    process.stderr.write(report(path, times, effects));
    expect([...answers]).toEqual([expect.stringMatching(/^401\n/)]);
    expect(effects.filter(({ effect }) => effect >= BOUND)).toEqual([]);
  }

  async function knownKinds(): Promise<Map<string, Kind>> {
    const store = (traits = {}) => aClient(server.database, traits);
    const [plain, disabled, expired, elsewhere, method] = await Promise.all([
      store(),
      store({ enabled: false }),
      store({ expiresAt: new Date(Date.now() - 86_400_000) }),
      store({ allowedIps: ELSEWHERE }),
      store({ tokenEndpointAuthMethod: 'client_secret_post' }),
    ]);
    const unknown = { clientId: generateClientId(), clientSecret: generateClientSecret() };
    return new Map<string, Kind>([
      ['an unknown client', () => wrong(unknown)],
      ['an address not allowed', () => elsewhere],
      ['a wrong secret', () => wrong(plain)],
      ['a disabled client', () => disabled],
      ['an expired secret', () => expired],
      ['another method', () => method],
    ]);
  }

  it.each([
    ['/o/token/', 6],
    ['/o/revoke_token/', 2],
    ['/o/introspect/', 2],
  ])(
    'are alike in answer and time for ids asked again and again, at %s',
    async (path, number) => {
      const kinds = new Map([...(await knownKinds())].slice(0, number));
      await expectAlike(kinds, path);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'are alike in answer and time for an id at its first attempt',
    async () => {
      const stored = await manyClients(server, EACH + WARM_UP);
      const secret = generateClientSecret();
      const kinds = new Map<string, Kind>([
        ['an unknown client', () => ({ clientId: generateClientId(), clientSecret: secret })],
        ['a wrong secret', () => ({ clientId: stored.pop() ?? '', clientSecret: secret })],
      ]);
      await expectAlike(kinds, TOKEN);
    },
    TEST_TIMEOUT_MS,
  );

  it(
    'are alike in answer and time for a client that has much in it',
    async () => {
      const rich = await aClient(server.database, {
        allowedIps: Array.from({ length: 100 }, (_none, index) => `192.0.2.${index}/32`),
        resources: Array.from({ length: 20 }, (_none, index) => `https://api.test/${index}`),
      });
      const unknown = { clientId: generateClientId(), clientSecret: generateClientSecret() };
      const kinds = new Map<string, Kind>([
        ['an unknown client', () => wrong(unknown)],
        ['a wrong secret', () => wrong(rich)],
        ['an address not allowed', () => rich],
      ]);
      await expectAlike(kinds, TOKEN);
    },
    TEST_TIMEOUT_MS,
  );
});

/** Puts many clients with one secret each into the database, in any order; gives their ids. */
async function manyClients({ database }: TestServer, number: number): Promise<string[]> {
  const ids = Array.from({ length: number }, () => generateClientId());
  await database.query(
    `WITH client AS (
       INSERT INTO oauth_client (client_id, client_name, scopes, default_scopes, grant_types)
       SELECT id, 'Test ' || id, '{read,write}', '{read,write}', '{client_credentials}'
       FROM unnest($1::text[]) AS id RETURNING id)
     INSERT INTO oauth_client_secret (secret_id, client, digest, hint)
     SELECT gen_random_uuid(), id, sha256(id::text::bytea), 'last' FROM client`,
    [ids],
  );
  await database.query('ANALYZE oauth_client, oauth_client_secret');
  return shuffled(ids);
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ item }) => item);
}

function pairs<Item>(items: readonly Item[]): [Item, Item][] {
  return items.flatMap((one, index) =>
    items.slice(index + 1).map((other): [Item, Item] => [one, other]),
  );
}

/** All of an answer, but for what is another at each request. */
function withoutIds({ status, lines, headers, body }: WireAnswer): string {
  const id = headers.get('x-request-id') ?? 'none';
  return [status, ...lines.filter((line) => !/^Date:/i.test(line)), '', body]
    .join('\n')
    .replaceAll(id, 'the request id');
}

function report(
  path: string,
  times: ReadonlyMap<string, number[]>,
  effects: readonly { readonly pair: string; readonly effect: number }[],
): string {
  const kinds = [...times].map(([name, all]) => {
    const sorted = all.toSorted((one, other) => one - other);
    const at = (share: number): string =>
      (sorted[Math.floor(share * sorted.length)] ?? 0).toFixed(3);
    return `  ${name}: ${at(0.25)} ${at(0.5)} ${at(0.75)} ms`;
  });
  const sizes = effects.map(({ pair, effect }) => `  ${effect.toFixed(3)} ${pair}`);
  const head = `${path}, ${EACH} requests of each kind (quartiles; effect of each pair)`;
  return [head, ...kinds, ...sizes, ''].join('\n');
}
