import { createServer, IncomingMessage, validateHeaderName, validateHeaderValue } from 'node:http';
import { StreamableFile, type NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express, Request, Response } from 'express';
import {
  fixedRoutes,
  type ExpressHandler,
  type FixedRoutes,
  type HandlerLayer,
  type RouterLayer,
} from './fixed-routes.js';
import { areWaiting, classOfWaiting, letWait, writeWhole } from './waiting-headers.js';

/** Of a request that a fixed route has passed on: Express is to go on behind it. */
const PASSED_ON = Symbol('postern:passed on');

/** In bytes, the target with it; past it the answer is 431. */
const LARGEST_HEAD = 16 * 1024;

/** How late a time-out for the head or the body may be noticed; Node's own 30 s would more than double it. */
const CHECKED_EVERY_MS = 2000;

const JSON_TYPE = 'application/json; charset=utf-8';
/** The headers by which Express writes an answer in another way. */
const SETTLES_FORM = /^(content-type|etag)$/i;

type PassedRequest = Request & {
  [PASSED_ON]?: { readonly by: HandlerLayer; readonly error: unknown };
};

/**
 * Nest's adapter for Express, with two short cuts, which leave controllers, guards, pipes and filters
 * as they are:
 *
 * - Requests and responses are born with Express's prototypes. Express changes the prototype of both
 *   at every request, and V8 (most of all before 13.6, in Node 20 and 22) makes all later access to
 *   such an object slow. Where the prototype is the right one already, the change does nothing.
 * - A request that {@link fixedRoutes} knows goes to its handler at once, since the router would take
 *   a fifth of a guarded request. Its route stands in the router too, for other spellings of its
 *   path; of what Express does, `request.route` and `X-Powered-By` alone are missing.
 */
export class BornExpressAdapter extends ExpressAdapter {
  private first: readonly ExpressHandler[] = [];
  private unrouted: ((request: Request, response: Response) => void) | undefined;
  private known: FixedRoutes | undefined;
  private hooked = false;
  /** Headers that Node takes, each with the value that was looked at last: most have one for ever. */
  private readonly proven = new Map<string, string>();

  /** What requests find without the router, as `GET /metrics`. */
  get fixedRoutes(): string[] {
    return [...this.fixed].flatMap(([method, paths]) =>
      [...paths.keys()].map((path) => `${method} ${path}`),
    );
  }

  /** Sets what every request meets first, whichever way it goes, in this order. */
  meetFirst(...first: readonly ExpressHandler[]): void {
    this.first = first;
  }

  /** Sets what answers where Express's router finds no path in a request's target at all. */
  refuseUnrouted(unrouted: (request: Request, response: Response) => void): void {
    this.unrouted = unrouted;
  }

  /** @throws an Error for options that the server of this project does not use */
  override initHttpServer(options: NestApplicationOptions): void {
    if (options.httpsOptions ?? options.return503OnClosing ?? options.forceCloseConnections) {
      throw new Error('TLS is the proxy’s, and connections are closed by src/start/connections.ts');
    }
    const app = this.getInstance<Express>();
    class Question extends IncomingMessage {}
    const Answer = classOfWaiting();
    // The classes stand between Express's prototypes and each object.
    Object.setPrototypeOf(Question.prototype, app.request);
    Object.setPrototypeOf(Answer.prototype, app.response);
    // Nest returns each response from an async function, so that it is asked for a `then`, which
    // would be looked for in all its prototypes.
    Object.defineProperty(Answer.prototype, 'then', { value: undefined });
    Object.assign(app, { request: Question.prototype, response: Answer.prototype });
    const born = {
      IncomingMessage: Question,
      ServerResponse: Answer,
      maxHeaderSize: LARGEST_HEAD,
      connectionsCheckingInterval: CHECKED_EVERY_MS,
      // From Node 24 on: a request without a body, as most are, gets no stream for one.
      optimizeEmptyRequests: true,
    };
    this.httpServer = createServer(born, (request, response) => {
      this.step(0, request as Request, response as Response);
    });
  }

  /** Hooks stand in front of Express's router: with one, all requests go there. */
  override setOnRequestHook(...hook: Parameters<ExpressAdapter['setOnRequestHook']>): void {
    this.hooked = true;
    super.setOnRequestHook(...hook);
  }

  /** As {@link setOnRequestHook}. */
  override setOnResponseHook(...hook: Parameters<ExpressAdapter['setOnResponseHook']>): void {
    this.hooked = true;
    super.setOnResponseHook(...hook);
  }

  private step(index: number, request: Request, response: Response): void {
    const step = this.first[index];
    if (step === undefined) this.route(request, response);
    else step(request, response, () => this.step(index + 1, request, response));
  }

  private route(request: Request, response: Response): void {
    const { method, url } = request;
    const query = url.indexOf('?');
    const found = this.fixed.get(method)?.get(query === -1 ? url : url.slice(0, query));
    if (found === undefined || this.hooked) this.express(request, response);
    else this.runFixed(found, request, response);
  }

  /** Found at the first request: what is registered later stands behind in the router, and stays there. */
  private get fixed(): FixedRoutes {
    this.known ??= this.findFixed();
    return this.known;
  }

  private findFixed(): FixedRoutes {
    const { router } = this.getInstance<{ router: { stack: readonly RouterLayer[] } }>();
    // The first is Nest's own, for the hooks.
    const found = fixedRoutes(router.stack.slice(1));
    const layers = [...found.values()].flatMap((paths) => [...paths.values()]);
    for (const layer of new Set(layers)) stepAside(layer);
    return found;
  }

  /** As Express would run it: what it sets before, and what it does with an error. */
  private runFixed(layer: HandlerLayer, request: PassedRequest, response: Response): void {
    request.res = response;
    request.originalUrl = request.url;
    request.baseUrl = '';
    request.params = {};
    response.locals = {};
    const passOn = (error?: unknown): void => {
      request[PASSED_ON] = { by: layer, error };
      this.express(request, response);
    };
    try {
      const answered = layer.handle(request, response, passOn);
      if (answered instanceof Promise) answered.catch(passOn);
    } catch (error) {
      passOn(error);
    }
  }

  private express(request: Request, response: Response): void {
    const { unrouted } = this;
    const app = this.getInstance<Express>();
    if (unrouted === undefined) app(request, response);
    else app(request, response, () => unrouted(request, response));
  }

  /** Sets a header as it stands; Express would look each one over, and complete a content type. */
  override setHeader(response: Response, name: string, value: string): unknown {
    if (SETTLES_FORM.test(name)) return super.setHeader(response, name, value);
    if (this.proven.get(name) !== value) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
      this.proven.set(name, value);
    }
    letWait(response, name, value);
    return response;
  }

  /**
   * Writes an object as JSON, which nearly every answer is. Express would parse its own content type
   * again, and ask whether the caller has the answer already: that is left to it where a handler has
   * set an `ETag` or a type of its own.
   */
  override reply(response: Response, body: unknown, statusCode?: number): unknown {
    if (!isPlain(body) || (!areWaiting(response) && hasForm(response))) {
      return super.reply(response, body, statusCode);
    }
    const json = JSON.stringify(body);
    if (statusCode !== undefined) response.statusCode = statusCode;
    writeWhole(response, ['Content-Type', JSON_TYPE], json);
    return response;
  }
}

/** Lets a handler be left out for a request that it has passed on already. */
function stepAside(layer: HandlerLayer): void {
  const { handle } = layer;
  layer.handle = (request: PassedRequest, response, next) => {
    const passed = request[PASSED_ON];
    return passed?.by === layer ? next(passed.error) : handle(request, response, next);
  };
}

/** Whether it is said already what form the answer has, or which version of it this is. */
function hasForm(response: Response): boolean {
  return response.hasHeader('content-type') || response.hasHeader('etag');
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
