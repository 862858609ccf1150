import type { Request } from 'express';

/** What the router of Express 5 keeps of a middleware or a route; its own types do not tell it. */
export interface RouteLayer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

/**
 * The methods with which a path is known, for the `Allow` header of a 405 (RFC 9110 §15.5.6).
 * Nest answers 404 to a known path with another method; a caller is helped more by the truth.
 *
 * @returns upper-case names; empty where no route has this path
 */
export function allowedMethods(request: Request): string[] {
  const methods = new Set<string>();
  for (const layer of routeLayers(request)) {
    if (layer.route === undefined || !matches(layer, request.path)) continue;
    // No handler answers CONNECT: what takes it takes every method, and is middleware.
    if (layer.route.methods.connect === true) continue;
    for (const method of Object.keys(layer.route.methods)) methods.add(method.toUpperCase());
  }
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods];
}

function routeLayers(request: Request): readonly RouteLayer[] {
  const { router } = request.app as unknown as { router?: { stack?: readonly RouteLayer[] } };
  return router?.stack ?? [];
}

function matches(layer: RouteLayer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false; // a path with a broken escape matches nothing
  }
}
