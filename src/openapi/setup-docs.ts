import { join } from 'node:path';
import type { Express, NextFunction, Request, Response } from 'express';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule, type SwaggerCustomOptions } from '@nestjs/swagger';
import { pathOf } from '../protocol/well-known.js';
import { buildOpenApiDocument, type DocumentOptions } from './document.js';
import { DomainError } from '../errors/domain-error.js';
import { pageHeaders, type PageSources } from '../http/page-headers.js';

const DOCS_PATH = '/docs';

const SOURCES: PageSources = {
  scriptSrc: ["'self'"],
  // Nest's page has style elements in it, and Swagger UI styles its own parts.
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
};

/** In the order in which they build on each other. */
const SCRIPTS = [
  'questions.js',
  'snippet-request.js',
  'snippet-languages.js',
  'snippets.js',
  'created-ids.js',
  'postern-docs.js',
];

/** A mark in a value that turns the writing round (UAX #9) does not reach beyond that value. */
const STYLE = '.swagger-ui .highlight-code span { unicode-bidi: isolate; }';

/** What the page is made of. The folder of Swagger UI has more in it, a page of its own among it. */
const FILES: ReadonlySet<string> = new Set([
  '/',
  '/openapi.json',
  '/favicon-16x16.png',
  '/favicon-32x32.png',
  '/swagger-ui.css',
  '/swagger-ui-bundle.js',
  '/swagger-ui-init.js',
  '/swagger-ui-standalone-preset.js',
  ...SCRIPTS.map((file) => `/${file}`),
]);

function nothingElse({ path }: Request, _response: Response, next: NextFunction): void {
  const file = path.replace(/(?<=[^/])\/$/, '');
  next(FILES.has(file) ? undefined : new DomainError('not_found', 'There is no such file here.'));
}

/** Plain values alone: they become text in the page. Functions are in `swagger-ui/`. */
const UI_OPTIONS: SwaggerCustomOptions['swaggerOptions'] = {
  // It would write the client's secret to localStorage, in clear and for good.
  persistAuthorization: false,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: -1,
  deepLinking: true,
  // It would show the document to a site elsewhere.
  validatorUrl: null,
  // Those of the first administrator: fewer, and the first call of one would be a 403.
  initOAuth: { scopes: ['read', 'write', 'admin'] },
};

/**
 * Serves Swagger UI at `/docs` and the document at `/docs/openapi.json`. To be called before the
 * application is initialised, and after the middleware that is to see these requests too.
 *
 * The document is built when it is first asked for.
 */
export function setupDocs(app: NestExpressApplication, options: DocumentOptions): void {
  app.use(DOCS_PATH, pageHeaders(options.publicUrl, SOURCES), nothingElse);
  const document = once(() => buildOpenApiDocument(app, options));
  serveBytes(
    app,
    once(() => Buffer.from(JSON.stringify(document()))),
  );
  SwaggerModule.setup(DOCS_PATH, app, document, {
    raw: false,
    customSiteTitle: 'Postern API',
    customJs: SCRIPTS.map((file) => `${pathOf(options.publicUrl)}${DOCS_PATH}/${file}`),
    customCss: STYLE,
    swaggerOptions: UI_OPTIONS,
  });
  // After the page: a folder of files redirects `/docs` to `/docs/` where nothing answered before.
  app.useStaticAssets(join(import.meta.dirname, 'swagger-ui'), { prefix: DOCS_PATH });
}

/** The largest answer of all, and open to everybody: Nest's own route would write it anew each time. */
function serveBytes(app: NestExpressApplication, bytes: () => Buffer): void {
  const express: Express = app.getHttpAdapter().getInstance();
  express.get(`${DOCS_PATH}/openapi.json`, (_request, response) => {
    response.type('application/json').send(bytes());
  });
}

function once<Value>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => (made ??= make());
}
