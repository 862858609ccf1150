import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { StreamableFile, type NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express, Response } from 'express';

/**
 * Nest's adapter for Express, with requests and responses that are born with Express's prototypes.
 *
 * Express changes the prototype of both at every request, and V8 (most of all before 13.6, in Node
 * 20 and 22) makes all later access to such an object slow. Where the prototype is the right one
 * already, Express's own change does nothing. Routing, middleware and handlers stay as they are.
 */
export class BornExpressAdapter extends ExpressAdapter {
  /** @throws an Error for options that the server of this project does not use */
  override initHttpServer(options: NestApplicationOptions): void {
    if (options.httpsOptions ?? options.return503OnClosing ?? options.forceCloseConnections) {
      throw new Error('TLS is the proxy’s, and connections are closed by src/start/connections.ts');
    }
    const app = this.getInstance<Express>();
    class Question extends IncomingMessage {}
    class Answer extends ServerResponse {}
    // The classes stand between Express's prototypes and each object; they add nothing themselves.
    Object.setPrototypeOf(Question.prototype, app.request);
    Object.setPrototypeOf(Answer.prototype, app.response);
    Object.assign(app, { request: Question.prototype, response: Answer.prototype });
    this.httpServer = createServer({ IncomingMessage: Question, ServerResponse: Answer }, app);
  }

  /**
   * Writes an object as JSON, which nearly every answer is. Express would parse its own content type
   * again, and ask whether the caller has the answer already: that is left to it where a handler has
   * set an `ETag` or a type of its own.
   */
  override reply(response: Response, body: unknown, statusCode?: number): unknown {
    if (!isPlain(body) || response.hasHeader('Content-Type') || response.hasHeader('ETag')) {
      return super.reply(response, body, statusCode);
    }
    const json = JSON.stringify(body);
    if (statusCode !== undefined) response.statusCode = statusCode;
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.setHeader('Content-Length', Buffer.byteLength(json));
    return response.end(json);
  }
}

/** A literal, a list, or an object of a class of our own: what JSON says all of. */
function isPlain(body: unknown): body is object {
  return (
    typeof body === 'object' &&
    body !== null &&
    !(body instanceof Error) &&
    !(body instanceof StreamableFile)
  );
}
