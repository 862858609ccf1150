import { ERROR_CATALOGUE, errorEntry, type ErrorCode } from '../../src/errors/error-catalogue.js';
import { send } from '../support/http.js';
import { startServer, type TestServer } from '../support/server.js';

const CODES = Object.keys(ERROR_CATALOGUE) as ErrorCode[];
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

// Real: the built server. That both forms say the same is held by src/error-pages/page.spec.ts.
describe('the pages of the errors', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
  });

  afterAll(async () => {
    await server.stop();
  });

  function page(path: string, accept?: string) {
    return send(`${server.baseUrl}${path}`, {
      headers: accept === undefined ? {} : { Accept: accept },
    });
  }

  it.each(CODES)('%s has a page, in HTML and in Markdown', async (code) => {
    const html = await page(`/errors/${code}`, BROWSER);
    expect(html.status).toBe(200);
    expect(html.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(html.text).toContain(`<h1>${errorEntry(code).title}</h1>`);
    const markdown = await page(`/errors/${code}`, 'text/markdown');
    expect(markdown.status).toBe(200);
    expect(markdown.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
    expect(markdown.text.startsWith(`# ${errorEntry(code).title}\n`)).toBe(true);
  });

  it.each([
    [undefined, 'text/html'],
    ['*/*', 'text/html'],
    ['application/json', 'text/html'],
    ['text/html;q=0.5, text/markdown', 'text/markdown'],
    ['text/markdown;q=0.5, text/html', 'text/html'],
    ['text/markdown, */*;q=0.1', 'text/markdown'],
  ])('Accept: %s is answered with %s', async (accept, type) => {
    const { headers } = await page('/errors/invalid_client', accept);
    expect(headers.get('content-type')).toBe(`${type}; charset=utf-8`);
    expect(headers.get('vary')).toContain('Accept');
    expect(headers.get('cache-control')).toBe('public, max-age=3600');
  });

  it.each(['/errors', '/errors/'])('%s leads to every one of them', async (path) => {
    const { status, text } = await page(path);
    expect(status).toBe(200);
    const targets = [...text.matchAll(/href="\/errors\/(\w+)"/g)].map(([, code]) => code);
    expect(targets).toEqual(CODES);
  });

  it('a trailing slash makes no difference', async () => {
    const without = await page('/errors/invalid_token');
    const withSlash = await page('/errors/invalid_token/');
    expect([withSlash.status, withSlash.text]).toEqual([200, without.text]);
  });

  it.each(['no_such_error', 'constructor', '__proto__', 'INVALID_CLIENT', '%3Cscript%3E'])(
    'an unknown code (%s) is 404, and may not be kept',
    async (code) => {
      const answer = await page(`/errors/${code}`);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      expect(answer.headers.get('cache-control')).toBe('no-store');
    },
  );

  it('lets the page load nothing, and run nothing', async () => {
    const { headers, text } = await page('/errors/invalid_client');
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none';style-src 'sha256-[A-Za-z0-9+/]{43}=';/);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(text).not.toMatch(/<script|style=|\son\w+=/);
  });

  it('an error leads to its own page', async () => {
    const { body } = await page('/no-such-route');
    const target = new URL(String(body.type));
    const { status, text } = await page(target.pathname);
    expect([status, text]).toEqual([200, expect.stringContaining('<dd>not_found</dd>')]);
  });
});
