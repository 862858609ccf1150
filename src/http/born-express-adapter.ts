import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import type { NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express } from 'express';

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
    class Request extends IncomingMessage {}
    class Response extends ServerResponse {}
    // The classes stand between Express's prototypes and each object; they add nothing themselves.
    Object.setPrototypeOf(Request.prototype, app.request);
    Object.setPrototypeOf(Response.prototype, app.response);
    Object.assign(app, { request: Request.prototype, response: Response.prototype });
    this.httpServer = createServer({ IncomingMessage: Request, ServerResponse: Response }, app);
  }
}
