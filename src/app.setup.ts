import type { Server } from 'node:http';
import { ConsoleLogger, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { Logger } from 'nestjs-pino';
import { ClientsService } from './clients/domain/clients.service.js';
import type { Settings } from './config/settings.js';
import { ErrorFilter } from './errors/error.filter.js';
import { Admission } from './http/admission.js';
import { BornExpressAdapter } from './http/born-express-adapter.js';
import { answerInTime } from './http/deadline.js';
import { answerParserErrors } from './http/parser-errors.js';
import { identify, inRequest } from './http/request-id.js';
import { handOnAll, refuseTarget, wellAddressed } from './http/unanswered-requests.js';
import { letWait } from './http/waiting-headers.js';
import { setupDocs } from './openapi/setup-docs.js';
import { Draining } from './operations/draining.js';
import { ScopeCatalogue } from './scopes/domain/scope-catalogue.js';
import { ScopesAtStart } from './scopes/scopes-at-start.js';
import { SigningKeysKeeper } from './signing-keys/signing-keys.keeper.js';

/** Longer than the idle time of the usual balancers: the one that reuses must not be the first to close. */
const KEEP_ALIVE_MS = 65_000;
/** For the head and for the whole of a request: slow senders hold a connection no longer. */
const REQUEST_MS = 20_000;
/**
 * Without a byte either way while an answer is due: longer than the above, which is told by 408. Node
 * gives a write that is under way the same time once more.
 */
const SILENT_MS = 30_000;

/**
 * Builds the application, alike for the server and for the tests: what every request meets, in
 * front of the modules.
 *
 * @param module the root module, with the settings and the database
 * @returns an initialised application that does not listen yet
 * @throws MissingAccessRuleError, ScopeDeclarationError, UnknownScopeError, SettingsError, and whatever else stops a module
 *   from starting
 */
export async function createApp(
  module: DynamicModule,
  settings: Settings,
): Promise<NestExpressApplication> {
  const adapter = new BornExpressAdapter();
  const app = await NestFactory.create<NestExpressApplication>(module, adapter, {
    // The bodies are read by guards, after access is decided.
    bodyParser: false,
    abortOnError: false,
    logger: new ConsoleLogger({ json: true, logLevels: ['warn', 'error', 'fatal'] }),
  });
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('trust proxy', [...settings.trustProxy]);
  const errors = app.get(ErrorFilter);
  const admission = new Admission(settings);
  adapter.meetFirst(
    commonHeaders(app.get(Draining)),
    admission.admit,
    wellAddressed(errors),
    answerInTime(errors, settings.dbTimeoutMs),
  );
  adapter.refuseUnrouted(refuseTarget(errors));
  if (settings.corsOrigins.length > 0) enableCors(app, settings.corsOrigins);
  await app.get(ScopesAtStart, { strict: false }).recordDeclared();
  setupDocs(app, {
    publicUrl: settings.publicUrl,
    scopes: await describedScopes(app.get(ScopeCatalogue, { strict: false })),
  });
  await app.init();
  await app.get(ClientsService, { strict: false }).assertServable();
  await app.get(SigningKeysKeeper, { strict: false }).start();
  app.useLogger(app.get(Logger));
  admission.watch(app.getHttpServer());
  answerParserErrors(app.getHttpServer());
  handOnAll(app.getHttpServer());
  limit(app.getHttpServer());
  return app;
}

/** What every answer carries, whichever route or error it comes from. */
function commonHeaders(draining: Draining) {
  return (request: Request, response: Response, next: NextFunction): void => {
    const id = identify(request, response);
    letWait(response, 'X-Content-Type-Options', 'nosniff');
    // A kept connection would break when the listener closes; the caller is to open a new one elsewhere.
    if (draining.hasBegun) response.setHeader('Connection', 'close');
    inRequest(id, next);
  };
}

function enableCors(app: NestExpressApplication, origins: readonly string[]): void {
  app.enableCors({
    origin: [...origins],
    exposedHeaders: ['X-Request-Id', 'WWW-Authenticate', 'Retry-After', 'Location', 'ETag'],
    maxAge: 600,
  });
}

function limit(server: Server): void {
  // All of them: past a number, Node drops headers in silence, and a second Authorization with them.
  // Their size stays limited.
  server.maxHeadersCount = 0;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = REQUEST_MS;
  server.requestTimeout = REQUEST_MS;
  // Who does not read the answer, or is gone without a word, would keep it for ever.
  server.timeout = SILENT_MS;
}

async function describedScopes(catalogue: ScopeCatalogue): Promise<Record<string, string>> {
  const scopes = await catalogue.list();
  return Object.fromEntries(scopes.map(({ name, description }) => [name, description]));
}
