/**
 * Requests made up from the server's own OpenAPI document, right ones and nearly right ones: none
 * may bring forth an answer that the document does not have. Real: the built server, PostgreSQL,
 * HTTP over kept connections.
 *
 * `GENERATED_SEED=…` makes the same ones again, but for what the server draws itself.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomInt } from 'node:crypto';
import { fetchDocument, operationsOf, resolveRef, type Operation } from '../openapi/document.js';
import { aClient } from '../support/builders.js';
import { Dice } from '../support/generated/dice.js';
import { Findings } from '../support/generated/findings.js';
import { Judge } from '../support/generated/judge.js';
import {
  onTheWire,
  RequestMaker,
  type GeneratedRequest,
  type Tokens,
} from '../support/generated/requests.js';
import type { ValueSchema } from '../support/generated/values.js';
import { basic, getToken, postForm, send } from '../support/http.js';
import { inFull } from '../support/lengths.js';
import { startServer, type TestServer } from '../support/server.js';
import { Wire, type WireAnswer } from '../support/wire.js';

const REQUESTS = inFull(100_000, 6000);
const CONNECTIONS = 16;
const SEED = Number(process.env.GENERATED_SEED ?? randomInt(2 ** 31));
/** After so many there is enough to mend. */
const MOST_FAULTS = 30;
const TEST_TIMEOUT_MS = 900_000;
const SCOPES = ['read', 'write', 'admin', 'introspection'];

interface Counts {
  successes: number;
  refusals: number;
  readonly statuses: Map<number, number>;
}

describe(`${REQUESTS} generated requests`, () => {
  let server: TestServer;
  let operations: Operation[];
  let judge: Judge;
  let tokens: Tokens;
  let resolve: (schema: ValueSchema) => ValueSchema;
  const counts = new Map<string, Counts>();
  const faults: string[] = [];

  beforeAll(async () => {
    server = await startServer({ LOG_LEVEL: 'error' });
    const document = await fetchDocument(server.baseUrl);
    operations = operationsOf(document);
    judge = new Judge(document);
    tokens = await makeTokens(server);
    resolve = (schema) =>
      schema.$ref === undefined ? schema : (resolveRef(document, schema.$ref) as ValueSchema);
  });

  afterAll(async () => {
    await server?.stop();
  });

  /** One connection, with clients, tokens and scopes of its own. */
  async function call(seed: number, requests: number): Promise<void> {
    const dice = new Dice(seed);
    const found = new Findings();
    const maker = new RequestMaker(dice, found, tokens, operations, resolve);
    const wire = new Wire(server.baseUrl);
    for (let sent = 0; sent < requests && faults.length < MOST_FAULTS; sent += 1) {
      const request = maker.make(dice.pick(operations));
      const bytes = onTheWire(request, dice.chance(0.05));
      try {
        const answer = await wire.exchange(bytes, request.way !== 'head');
        count(request, answer);
        remember(found, request, answer);
        const wrong = judge.faultsOf(request, answer);
        if (wrong.length > 0) faults.push(told(wrong, bytes, answer));
      } catch (error) {
        faults.push(told([String(error)], bytes));
      }
    }
    wire.close();
  }

  function count({ operation }: GeneratedRequest, { status }: WireAnswer): void {
    const name = operation.operationId ?? '';
    const of = counts.get(name) ?? { successes: 0, refusals: 0, statuses: new Map() };
    if (status < 300) of.successes += 1;
    else of.refusals += 1;
    of.statuses.set(status, (of.statuses.get(status) ?? 0) + 1);
    counts.set(name, of);
  }

  it(
    'get answers that are in the document, and none from 500 on',
    async () => {
      process.stderr.write(`GENERATED_SEED=${SEED}\n`);
      const start = performance.now();
      const each = Math.ceil(REQUESTS / CONNECTIONS);
      const callers = Array.from({ length: CONNECTIONS }, (_none, index) =>
        call(SEED + index, each),
      );
      await Promise.all(callers);
      process.stderr.write(table(counts, performance.now() - start));
      expect(faults).toEqual([]);
    },
    TEST_TIMEOUT_MS,
  );

  it('have met each operation with a success and with a refusal', () => {
    const notMet = operations
      .map(({ operationId = '' }) => ({ operationId, met: counts.get(operationId) }))
      .filter(({ met }) => met === undefined || met.successes === 0 || met.refusals === 0)
      .map(({ operationId }) => operationId);
    expect(notMet).toEqual([]);
  });

  it('have left the server in health', async () => {
    expect((await send(`${server.baseUrl}/health/ready`)).status).toBe(200);
    expect(server.output()).not.toMatch(/"level":(50|60|"error"|"fatal")/);
    expect(await getToken(server.baseUrl, server.admin, 'admin')).toMatch(/^\w{30}$/);
  });
});

async function makeTokens({ baseUrl, database, admin }: TestServer): Promise<Tokens> {
  const client = await aClient(database, { scopes: [...SCOPES] });
  const token = (scope: string): Promise<string> => getToken(baseUrl, client, scope);
  const byScope = new Map<string, string>();
  for (const scope of SCOPES) byScope.set(scope, await token(scope));
  const dead = await token('read write admin');
  await postForm(`${baseUrl}/o/revoke_token/`, { token: dead }, { Authorization: basic(client) });
  return { byScope, all: await getToken(baseUrl, admin, 'read write admin'), dead };
}

function remember(found: Findings, request: GeneratedRequest, answer: WireAnswer): void {
  if (request.way !== 'called' || answer.status >= 300) return;
  const { operationId = '' } = request.operation;
  found.note(operationId, answer);
  const makesSecret = operationId === 'createClientSecret' || operationId === 'rotateOwnSecret';
  if (makesSecret && request.client !== undefined) found.noteSecret(request.client, answer);
}

function told(wrong: readonly string[], request: Buffer, answer?: WireAnswer): string {
  const answered =
    answer === undefined
      ? 'nothing'
      : [answer.status, ...answer.lines, '', answer.body.toString().slice(0, 2000)].join('\n');
  return `${wrong.join('\n')}\n--- ${JSON.stringify(request.toString('latin1'))}\n--- ${answered}\n`;
}

function table(counts: ReadonlyMap<string, Counts>, ms: number): string {
  const lines = [...counts]
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([name, { statuses }]) => {
      const each = [...statuses].toSorted(([one], [other]) => one - other);
      return `  ${name}: ${each.map(([status, number]) => `${status} ${number}`).join(', ')}`;
    });
  return [`in ${(ms / 1000).toFixed(1)} s, by operation:`, ...lines, ''].join('\n');
}
