/**
 * The page that customers already read (`customer-page.txt`, word for word), held to be true: its
 * examples are cut out of it and run as they stand against the built server on a real PostgreSQL.
 * Only the address and the credentials are filled in. Its one call of `/payments/` is tested with
 * the payments.
 */
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startNodes, type Nodes } from '../clients/nodes.js';
import { aClient, type StoredClient } from '../support/builders.js';
import { basic, postForm, send, type Answer } from '../support/http.js';

const PAGE = readFileSync(join(import.meta.dirname, 'customer-page.txt'), 'utf8').split('\n');
const NODE_MODULES = join(import.meta.dirname, '../../node_modules');
const TOKEN = /^[A-Za-z0-9]{30}$/;

/**
 * The lines of the page between two others, each of which stands in it once.
 *
 * @throws an Error that names the line that is gone, or has become ambiguous
 */
function linesBetween(first: string, last: string): string[] {
  const lines = PAGE.slice(indexOf(first) + 1, indexOf(last));
  if (lines.length === 0) throw new Error(`the page has nothing from "${first}" to "${last}"`);
  return lines;
}

function indexOf(line: string): number {
  const places = PAGE.flatMap((found, index) => (found === line ? [index] : []));
  const [place] = places;
  if (place === undefined || places.length > 1) {
    throw new Error(`the page has the line "${line}" ${places.length} times: look at the markers`);
  }
  return place;
}

/** The rows of a table of the page, each as its trimmed cells. */
function rowsBetween(first: string, last: string): string[][] {
  return linesBetween(first, last)
    .filter((line) => line.includes(' | ') && !line.startsWith('| Parameter |'))
    .map((line) => line.replace(/^\||\|$/g, '').split('|'))
    .map((cells) => cells.map((cell) => cell.trim()));
}

/** Fills an example in. @throws an Error where it lacks a placeholder */
function filledIn(lines: readonly string[], values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((text, [placeholder, value]) => {
    if (!text.includes(placeholder)) throw new Error(`no ${placeholder} in:\n${text}`);
    return text.replaceAll(placeholder, value);
  }, lines.join('\n'));
}

/** Runs a program to its end and gives what it prints. @throws what it says where it fails */
async function run(command: string, ...args: string[]): Promise<string> {
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, NODE_PATH: NODE_MODULES };
  return (await promisify(execFile)(command, args, { env })).stdout;
}

/**
 * Python with its blocks moved in: the page has lost all indentation. A line that ends in a colon
 * opens a block, `else` and the comment before the usage end one.
 */
function reindented(lines: readonly string[]): string[] {
  let level = 0;
  return lines.map((line) => {
    if (line.startsWith('# Usage')) level = 0;
    if (line.startsWith('else')) level -= 1;
    const moved = ' '.repeat(4 * level) + line;
    if (line.endsWith(':')) level += 1;
    return moved;
  });
}

function works(command: string, ...args: string[]): boolean {
  return spawnSync(command, args).status === 0;
}

let nodes: Nodes;
let partner: StoredClient;
let administrator: StoredClient;

beforeAll(async () => {
  nodes = await startNodes();
  partner = await aClient(nodes.server.database);
  administrator = await aClient(nodes.server.database, { scopes: ['read', 'write', 'admin'] });
});

afterAll(() => nodes.stop());

const baseUrl = (): string => nodes.server.baseUrl;

function placeholders({ clientId, clientSecret }: StoredClient): Record<string, string> {
  return {
    '{{BASE_URL}}': baseUrl(),
    your_client_id: clientId,
    your_client_secret: clientSecret,
  };
}

/** Whom a guarded route takes the bearer of a token for; it takes one of `read` alone. */
async function bearerOf(token: unknown): Promise<Record<string, unknown>> {
  const headers = { Authorization: `Bearer ${String(token)}` };
  return (await send(nodes.guardedUrl, { headers })).body;
}

/** The page's own answer to a good request. */
function exampleAnswer(): Record<string, unknown> {
  const lines = linesBetween('Success Response (200 OK)', 'Response Fields');
  return JSON.parse(lines.join('\n')) as Record<string, unknown>;
}

describe('the curl examples', () => {
  const byHeader = (): string[] => linesBetween('Using Basic Auth Header', 'Using Body Parameters');
  const byBody = (): string[] => linesBetween('Using Body Parameters', 'Response');

  it.each([
    ['by Basic', byHeader],
    ['with the credentials in the body', byBody],
  ])('get a token %s, in an answer like that of the page', async (_how, lines) => {
    const printed = await run('bash', '-c', filledIn(lines(), placeholders(partner)));
    const answer = JSON.parse(printed) as Record<string, unknown>;
    expect(answer).toEqual({ ...exampleAnswer(), access_token: expect.stringMatching(TOKEN) });
    expect(Object.keys(answer)).toEqual(Object.keys(exampleAnswer()));
    expect(await bearerOf(answer.access_token)).toEqual({
      clientId: partner.clientId,
      scopes: ['read', 'write'],
    });
  });

  it('have one line of base64, as the header needs it, from a generated id and secret', async () => {
    const { clientId, clientSecret } = partner;
    expect({ id: clientId.length, secret: clientSecret.length }).toEqual({ id: 12, secret: 44 });
    const encode = byHeader().filter((line) => line.startsWith('BASE64_CREDENTIAL='));
    expect(encode).toHaveLength(1);
    const { '{{BASE_URL}}': _address, ...credentials } = placeholders(partner);
    const script = `${filledIn(encode, credentials)}\necho "$BASE64_CREDENTIAL"`;
    expect(await run('bash', '-c', script)).toBe(`${basic(partner).slice('Basic '.length)}\n`);
  });
});

const requests = works('python3', '-c', 'import requests');
const requestsNote = requests ? '' : ' (skipped: python3 has no requests)';

(requests ? describe : describe.skip)(`the Python example${requestsNote}`, () => {
  const program = (who: StoredClient): string =>
    filledIn(reindented(linesBetween('Python', 'Node.js')), placeholders(who));

  it('gets a token, and one for admin access by its usage lines', async () => {
    const printing = `${program(administrator)}\nprint(token)\nprint(admin_token)`;
    const [token, adminToken] = (await run('python3', '-c', printing)).split('\n');
    expect(token).toMatch(TOKEN);
    const { clientId } = administrator;
    expect(await bearerOf(token)).toEqual({ clientId, scopes: ['read', 'write'] });
    expect(await bearerOf(adminToken)).toEqual({ clientId, scopes: ['read', 'write', 'admin'] });
  });

  it('fails by its own exception for a wrong secret', async () => {
    const wrong = { ...administrator, clientSecret: 'wrong' };
    await expect(run('python3', '-c', program(wrong))).rejects.toThrow(
      'Exception: Token request failed: 401',
    );
  });
});

describe('the Node.js example', () => {
  const program = (): string =>
    filledIn(linesBetween('Node.js', 'PHP'), { '{{BASE_URL}}': baseUrl() });

  it.each<[string, string[], string[]]>([
    ['a token', [], ['read', 'write']],
    ['a token of the scopes that it is given', ['read write admin'], ['read', 'write', 'admin']],
  ])('gets %s', async (_what, more, scopes) => {
    const { clientId, clientSecret } = administrator;
    const args = JSON.stringify([clientId, clientSecret, ...more]);
    const printing = `${program()}\ngetAccessToken(...${args}).then(console.log);`;
    const printed = await run(process.execPath, '--input-type=commonjs', '-e', printing);
    expect(printed.trim()).toMatch(TOKEN);
    expect(await bearerOf(printed.trim())).toEqual({ clientId, scopes });
  });
});

const php = works('php', '-r', 'exit(extension_loaded("curl") ? 0 : 1);');
const phpNote = php ? '' : ' (skipped: php with curl is not installed)';

(php ? describe : describe.skip)(`the PHP example${phpNote}`, () => {
  it('gets a token by its usage line', async () => {
    const lines = ['<?php', ...linesBetween('<?php', '?>'), '?>'];
    const program = `${filledIn(lines, placeholders(partner))}\n<?php echo $token;`;
    // `php -r` takes no tags; what stands behind the closing one is how a file would go on.
    // What newer versions deprecate is said to stderr, beside the token.
    const args = ['-d', 'display_errors=stderr', '-r', `eval('?>' . $argv[1]);`, '--', program];
    const printed = await run('php', ...args);
    expect(printed).toMatch(TOKEN);
    expect(await bearerOf(printed)).toEqual({
      clientId: partner.clientId,
      scopes: ['read', 'write'],
    });
  });
});

describe('the tables', () => {
  const grant = { grant_type: 'client_credentials' };
  const request = (form: Record<string, string>, who?: StoredClient): Promise<Answer> =>
    postForm(`${baseUrl()}/o/token/`, form, who === undefined ? {} : { Authorization: basic(who) });

  it('of the request: the required parameter alone is needed', async () => {
    const rows = rowsBetween('Request Body Parameters', 'Example Requests');
    expect(rows.map(([name, , required]) => [name, required])).toEqual([
      ['grant_type', 'Yes'],
      ['client_id', 'No*'],
      ['client_secret', 'No*'],
      ['scope', 'No'],
    ]);
    expect((await request(grant, partner)).status).toBe(200);
  });

  it('of the request: each option of the scope is granted', async () => {
    const [, , , scope] = rowsBetween('Request Body Parameters', 'Example Requests');
    const options = /Options: (.+) or (.+)/.exec(scope?.at(3) ?? '')?.slice(1) ?? [];
    expect(options).toEqual(['read write', 'read write admin']);
    for (const option of options) {
      const { status, body } = await request({ ...grant, scope: option }, administrator);
      expect({ status, scope: body.scope }).toEqual({ status: 200, scope: option });
    }
  });

  it('of the response: the fields and their types, and no others', async () => {
    const types = { string: 'string', integer: 'number' };
    const rows = rowsBetween('Response Fields', 'Using the Access Token');
    const described = rows.map(([name, type]) => [name, types[type as keyof typeof types]]);
    const { body } = await request(grant, partner);
    expect(Object.entries(body).map(([name, value]) => [name, typeof value])).toEqual(described);
    expect(described).toHaveLength(4);
    expect(body.expires_in).toBe(exampleAnswer().expires_in);
  });

  it('of the scopes: each is granted to a client that has it, and refused to one that has not', async () => {
    const rows = rowsBetween('Scopes', 'Error Responses').slice(1);
    const scopes = rows.map(([scope = '']) => scope).filter((scope) => !scope.startsWith('--'));
    expect(scopes).toEqual(['read', 'write', 'admin']);
    for (const scope of scopes) {
      const others = scopes.filter((other) => other !== scope);
      const without = await aClient(nodes.server.database, { scopes: others });
      expect((await request({ ...grant, scope }, administrator)).body.scope).toBe(scope);
      expect((await request({ ...grant, scope }, without)).body.error).toBe('invalid_scope');
    }
  });

  const row = (code: string): [number, string] => {
    const rows = rowsBetween('Error Responses', 'Code Examples');
    const [status, error = ''] = rows.find((cells) => cells[1] === code) ?? [];
    return [Number(status), error];
  };

  it.each<[string, string, () => Promise<Answer>]>([
    ['invalid_request', 'no grant_type', () => request({ scope: 'read' }, partner)],
    ['invalid_request', 'an empty grant_type', () => request({ grant_type: '' }, partner)],
    ['invalid_request', 'a value with a line break', () => request({ ...grant, x: '\n' }, partner)],
    [
      'invalid_client',
      'an unknown client id',
      () => request(grant, { ...partner, clientId: 'nobody' }),
    ],
    [
      'invalid_client',
      'a wrong secret',
      () => request(grant, { ...partner, clientSecret: 'wrong' }),
    ],
    ['invalid_client', 'no credentials', () => request(grant)],
  ])('of the errors: %s for %s', async (code, _what, attempt) => {
    const answer = await attempt();
    expect([answer.status, answer.body.error]).toEqual(row(code));
  });

  it('of the errors: an unsupported value of grant_type has the status of its row', async () => {
    const answer = await request({ grant_type: 'password' }, partner);
    // RFC 6749 §5.2 has a finer code than the page for it.
    expect(answer.body.error).toBe('unsupported_grant_type');
    expect(answer.status).toBe(row('invalid_request')[0]);
  });
});
