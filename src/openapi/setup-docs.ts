import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule, type SwaggerCustomOptions } from '@nestjs/swagger';
import { pathOf } from '../protocol/well-known.js';
import { buildOpenApiDocument, type DocumentOptions } from './document.js';
import { pageHeaders, type PageSources } from '../http/page-headers.js';

const DOCS_PATH = '/docs';

const SOURCES: PageSources = {
  scriptSrc: ["'self'"],
  // Nest's page has style elements in it, and Swagger UI styles its own parts.
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
};

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
};

/**
 * Serves Swagger UI at `/docs` and the document at `/docs/openapi.json`. To be called before the
 * application is initialised, and after the middleware that is to see these requests too.
 *
 * The document is built when it is first asked for.
 */
export function setupDocs(app: NestExpressApplication, options: DocumentOptions): void {
  app.use(DOCS_PATH, pageHeaders(options.publicUrl, SOURCES));
  SwaggerModule.setup(DOCS_PATH, app, () => buildOpenApiDocument(app, options), {
    jsonDocumentUrl: `${DOCS_PATH}/openapi.json`,
    raw: ['json'],
    customSiteTitle: 'Postern API',
    customJs: `${pathOf(options.publicUrl)}${DOCS_PATH}/postern-docs.js`,
    swaggerOptions: UI_OPTIONS,
  });
  // After the page: a folder of files redirects `/docs` to `/docs/` where nothing answered before.
  app.useStaticAssets(join(import.meta.dirname, 'swagger-ui'), { prefix: DOCS_PATH });
}
