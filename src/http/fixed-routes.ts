import type { NextFunction, Request, Response } from 'express';
import type { RouteLayer } from '../errors/allowed-methods.js';

/** What Express calls for a request. */
export type ExpressHandler = (request: Request, response: Response, next: NextFunction) => unknown;

/** Where the router keeps what it calls. */
export interface HandlerLayer {
  handle: ExpressHandler;
}

/** What is to be known of a middleware or a route of the router. */
export interface RouterLayer extends RouteLayer, HandlerLayer {
  readonly route?: NonNullable<RouteLayer['route']> & {
    readonly path: unknown;
    readonly stack: readonly HandlerLayer[];
  };
}

/**
 * Handlers by method, and then by path: one text of both would have to be made for each request, and
 * costs four times the look-up.
 */
export type FixedRoutes = ReadonlyMap<string, ReadonlyMap<string, HandlerLayer>>;

/** A path that Express takes letter by letter. */
const FIXED_PATH = /^[\w/.~-]+$/;
/** Express calls a handler with as many parameters for errors alone (RequestHandler, ErrorRequestHandler). */
const PARAMETERS_FOR_ERRORS = 4;

/**
 * The routes that a request can be given to without the router: those with a fixed path and one
 * handler, which no middleware and no other route comes before.
 *
 * @param stack what the router would try, in its order
 * @returns handlers by method and path, each path with and without a slash at its end; any other
 *   spelling is for the router
 */
export function fixedRoutes(stack: readonly RouterLayer[]): FixedRoutes {
  const found = new Map<string, Map<string, HandlerLayer>>();
  for (const layer of stack) {
    const [handler, ...more] = layer.route?.stack ?? [];
    if (handler === undefined || more.length > 0) continue;
    for (const method of Object.keys(layer.route?.methods ?? {})) {
      for (const path of spellings(layer.route?.path)) {
        const first = stack.find((other) => answers(other, method, path));
        if (first === layer) add(found, method.toUpperCase(), path, handler);
      }
    }
  }
  return found;
}

function add(
  found: Map<string, Map<string, HandlerLayer>>,
  method: string,
  path: string,
  handler: HandlerLayer,
): void {
  const paths = found.get(method);
  if (paths === undefined) found.set(method, new Map([[path, handler]]));
  else paths.set(path, handler);
}

function spellings(path: unknown): Set<string> {
  if (typeof path !== 'string' || !FIXED_PATH.test(path)) return new Set();
  return new Set([path, `${path.replace(/\/$/, '')}/`]);
}

function answers(layer: RouterLayer, method: string, path: string): boolean {
  if (layer.handle.length === PARAMETERS_FOR_ERRORS && layer.route === undefined) return false;
  return layer.match(path) && (layer.route === undefined || method in layer.route.methods);
}
