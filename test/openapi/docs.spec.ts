import { send, sendRaw } from '../support/http.js';
import { startServer, type TestServer } from '../support/server.js';

// Real: the built server. What a browser makes of the page is in test/e2e/.
describe('the page of the documentation', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
  });

  afterAll(async () => {
    await server.stop();
  });

  it.each(['/docs', '/docs/'])('%s answers with the page, without a redirect', async (path) => {
    const answer = await send(`${server.baseUrl}${path}`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.text).toContain('postern-docs.js');
    expect(answer.headers.get('x-request-id')).toMatch(/./);
  });

  it.each(['postern-docs.js', 'swagger-ui-init.js', 'swagger-ui-bundle.js', 'swagger-ui.css'])(
    '/docs/%s is served by this server',
    async (file) => {
      const answer = await send(`${server.baseUrl}/docs/${file}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toMatch(/^(text|application)\/(javascript|css)/);
    },
  );

  it('lets the page run and fetch nothing that this server does not serve', async () => {
    const { headers } = await send(`${server.baseUrl}/docs`);
    const policy = headers.get('content-security-policy')?.split(';') ?? [];
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
      ]),
    );
  });

  it('gives the page the other headers of a page', async () => {
    const { headers } = await send(`${server.baseUrl}/docs`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-frame-options')).toBe('DENY');
  });

  it('nothing under /docs but the page and its files: 404 as a problem', async () => {
    const answer = await send(`${server.baseUrl}/docs/no-such-file`);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
  });

  it.each(['package.json', 'index.html', 'swagger-initializer.js', '/', '.'])(
    'what else lies in the folder of Swagger UI is not served: /docs/%s',
    async (file) => {
      const answer = await sendRaw(
        server.baseUrl,
        `GET /docs/${file} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    },
  );
});

describe('the page of the documentation, behind a proxy that serves it over https and under a path', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ PUBLIC_URL: 'https://api.example.com/gate' });
  });

  afterAll(async () => {
    await server.stop();
  });

  it('tells browsers to stay with https', async () => {
    const { headers } = await send(`${server.baseUrl}/docs`);
    expect(headers.get('strict-transport-security')).toMatch(/^max-age=\d+/);
    expect(headers.get('content-security-policy')).toContain('upgrade-insecure-requests');
  });

  it('asks under that path for the token and for its own file', async () => {
    const { body } = await send(`${server.baseUrl}/docs/openapi.json`);
    expect(body).toMatchObject({
      servers: [{ url: '/gate' }],
      components: {
        securitySchemes: {
          oauth2: { flows: { clientCredentials: { tokenUrl: '/gate/o/token/' } } },
        },
      },
    });
    const { text } = await send(`${server.baseUrl}/docs`);
    expect(text).toContain("src='/gate/docs/postern-docs.js'");
  });
});
