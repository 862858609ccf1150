import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';

/** What an interceptor of Swagger UI gets. */
interface UiRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

interface Scripts {
  readonly questionBefore: (request: UiRequest) => string | undefined;
  readonly snippets: Record<string, { generate(request: { toJS(): UiRequest }): string }>;
}

const { questionBefore, snippets } = loadScripts(
  'questions.js',
  'snippet-request.js',
  'snippet-languages.js',
  'snippets.js',
);

/** Runs files of this folder as the page does: one after another, in one scope. */
function loadScripts(...files: string[]): Scripts {
  const page: { URL: typeof URL; URLSearchParams: typeof URLSearchParams; posternDocs?: Scripts } =
    { URL, URLSearchParams };
  for (const file of files) {
    runInNewContext(readFileSync(join(import.meta.dirname, file), 'utf8'), page);
  }
  if (page.posternDocs === undefined) throw new Error('the scripts gave nothing');
  return page.posternDocs;
}

describe('the question before a request', () => {
  it.each([
    ['DELETE', '/clients/acme', '', 'Delete the client acme?'],
    ['DELETE', '/clients/acme/', '', 'Delete the client acme?'],
    ['DELETE', '/gate/clients/acme', '', 'Delete the client acme?'],
    ['DELETE', '/clients/a%20b', '', 'Delete the client a b?'],
    ['DELETE', '/clients/%E0%A4%A', '', 'Delete the client %E0%A4%A?'],
    ['DELETE', '/clients/acme/tokens', '', 'Kill every token of the client acme?'],
    ['DELETE', '/clients/acme/secrets/s1', '', 'Delete the secret s1 of the client acme?'],
    ['DELETE', '/scopes/invoices%3Aread', '', 'Delete the scope invoices:read?'],
    ['DELETE', '/orders/7', '', 'Delete /orders/7?'],
    ['PATCH', '/clients/acme', '{"enabled": false}', 'Disable the client acme?'],
    ['patch', '/clients/acme', '{"enabled": false}', 'Disable the client acme?'],
    [
      'POST',
      '/clients/a/secrets',
      '{"expires_previous_in": 0}',
      'Rotate the secrets of the client',
    ],
    ['POST', '/clients/a/secrets', '{"revoke_tokens": true}', 'Rotate the secrets of the client a'],
    ['POST', '/o/client/secrets', 'expires_previous_in=0', 'Rotate the secrets of your own client'],
  ])('%s %s %s: %s', (method, path, body, question) => {
    expect(questionBefore({ method, url: `https://api.example.com${path}`, body })).toMatch(
      question,
    );
  });

  it.each([
    ['GET', '/clients/acme', undefined],
    ['POST', '/clients', '{"client_name": "Billing"}'],
    ['PATCH', '/clients/acme', '{"enabled": true}'],
    ['PATCH', '/clients/acme', '{"description": null}'],
    ['PATCH', '/clients/acme', '[false'],
    ['PATCH', '/clients/acme', 'null'],
    ['POST', '/clients/acme/secrets', '{"expires_previous_in": 86400}'],
    ['POST', '/clients/acme/secrets', '{}'],
    ['POST', '/clients/acme/secrets', undefined],
    ['POST', '/o/client/secrets', 'expires_previous_in=86400&revoke_tokens='],
    ['POST', '/o/token/', 'grant_type=client_credentials'],
  ])('%s %s %s: none', (method, path, body) => {
    expect(questionBefore({ method, url: `https://api.example.com${path}`, body })).toBeUndefined();
  });

  it.each([
    [true, 'The tokens that were got so die too.'],
    [false, 'The tokens that were got so live on.'],
  ])('tells what becomes of the tokens, with revoke_tokens %s', (revokes, sentence) => {
    const body = JSON.stringify({ expires_previous_in: 0, revoke_tokens: revokes });
    const rotation = { method: 'POST', url: 'https://x.test/clients/a/secrets', body };
    const deletion = {
      method: 'DELETE',
      url: `https://x.test/clients/a/secrets/s?revoke_tokens=${revokes}`,
    };
    expect(questionBefore(rotation)).toContain(sentence);
    expect(questionBefore(deletion)).toContain(sentence);
  });
});

const VARIABLES = { ACCESS_TOKEN: 'the-token', CLIENT_ID: 'acme', CLIENT_SECRET: 'pst_secret' };
const HOSTILE =
  '<img src=x> \' " \\ $HOME `id` $(id) %s {$x} \u202eabc\u2028 \u{1f600} \u{e0001} ü\n\t.';

/** How a program of each language is run; PHP and the library of Python are seldom there. */
const RUNNERS: Record<string, { command: string; flags: string[]; probe: string[] }> = {
  curl: { command: 'bash', flags: ['-c'], probe: ['-c', 'curl --version'] },
  python: { command: 'python3', flags: ['-c'], probe: ['-c', 'import requests'] },
  node: { command: 'node', flags: ['--input-type=module', '-e'], probe: ['--version'] },
  php: { command: 'php', flags: ['-r'], probe: ['-r', 'exit(extension_loaded("curl") ? 0 : 1);'] },
};
const runnable = Object.entries(RUNNERS).filter(
  ([, { command, probe }]) => spawnSync(command, probe).status === 0,
);
const absent = Object.keys(RUNNERS).filter((name) => !runnable.some(([other]) => other === name));
const note = absent.length === 0 ? '' : ` (not run here: ${absent.join(', ')})`;

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function receive(request: IncomingMessage): Promise<Received> {
  const { method, url, headers } = request;
  return { method, url, headers, body: await text(request) };
}

// Real: the programs, run as they would be pasted, against a server that tells what it got.
describe(`a snippet${note}`, () => {
  let server: Server;
  let origin: string;
  let received: Received | undefined;

  beforeAll(async () => {
    server = createServer((request, response) => {
      void receive(request).then((all) => {
        received = all;
        return response.end('the answer');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  /** Runs the program for a request; gives what it printed and what the server got. */
  async function run(language: string, request: UiRequest): Promise<Received & { out: string }> {
    const { command, flags } = RUNNERS[language] as (typeof RUNNERS)[string];
    const program = generate(language, request).replace(/^<\?php\n/, '');
    received = undefined;
    const { stdout } = await promisify(execFile)(command, [...flags, program], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...VARIABLES },
    });
    if (received === undefined) throw new Error(`nothing was sent by\n${program}`);
    return { ...(received as Received), out: stdout };
  }

  function generate(language: string, request: UiRequest): string {
    return snippets[language]?.generate({ toJS: () => request }) ?? '';
  }

  describe.each(runnable)('%s', (language) => {
    it('gets, with the token of the environment, and prints the answer', async () => {
      const got = await run(language, {
        method: 'GET',
        url: `${origin}/clients?q=a%20b&limit=50`,
        headers: { accept: '*/*', Authorization: 'Bearer live', 'If-Match': '"1"' },
      });
      expect(got).toMatchObject({ method: 'GET', url: '/clients?q=a%20b&limit=50', body: '' });
      expect(got.headers).toMatchObject({ authorization: 'Bearer the-token', 'if-match': '"1"' });
      expect(got.out).toContain('the answer');
    });

    it.each([
      [
        'an object',
        { client_name: HOSTILE, resources: [], nested: { a: [true, false, null, 0.5] } },
      ],
      ['an empty object', {}],
      ['a list', [HOSTILE, { [HOSTILE]: 1 }, []]],
    ])('sends the same JSON: %s', async (_name, value) => {
      const got = await run(language, {
        method: 'PATCH',
        url: `${origin}/clients/acme`,
        headers: {
          Authorization: 'Bearer live',
          'Content-Type': 'application/merge-patch+json',
        },
        body: JSON.stringify(value, null, '\t'),
      });
      expect(got.method).toBe('PATCH');
      expect(got.headers['content-type']).toBe('application/merge-patch+json');
      expect(JSON.parse(got.body)).toEqual(value);
    });

    it('sends the same form, with the id and the secret of the environment', async () => {
      const form = { grant_type: 'client_credentials', scope: 'read write', odd: HOSTILE };
      const got = await run(language, {
        method: 'POST',
        url: `${origin}/o/token/`,
        headers: {
          Authorization: 'Basic bGl2ZTpsaXZl',
          'Content-Type': 'application/x-www-form-urlencoded',
        },
        body: new URLSearchParams({ ...form, client_id: '', token: 'live' }).toString(),
      });
      expect(got.headers.authorization).toBe(`Basic ${btoa('acme:pst_secret')}`);
      expect(got.headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
      const sent = Object.fromEntries(new URLSearchParams(got.body));
      expect(sent).toEqual({ ...form, token: 'the-token' });
    });

    it('sends what is no JSON as it stands', async () => {
      const got = await run(language, {
        method: 'POST',
        url: `${origin}/payments`,
        headers: { 'Content-Type': 'application/json' },
        body: `{"reference": ${HOSTILE}`,
      });
      expect(got.body).toBe(`{"reference": ${HOSTILE}`);
    });
  });

  it.each(Object.keys(RUNNERS))('in %s has nothing secret and nothing unseen', (language) => {
    const json = generate(language, {
      method: 'POST',
      url: `${origin}/clients`,
      headers: { authorization: 'Bearer live-token', 'Content-Type': 'application/json' },
      body: JSON.stringify({ client_name: HOSTILE }),
    });
    const form = generate(language, {
      method: 'POST',
      url: `${origin}/o/token/`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'client_id=acme&client_secret=live-secret&token=live-token',
    });
    expect(json + form).not.toMatch(/live-|(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(json).toContain('ACCESS_TOKEN');
    expect(form).toContain('CLIENT_SECRET');
  });
});
