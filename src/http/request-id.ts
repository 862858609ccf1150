import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { headerValues } from '../protocol/raw-headers.js';
import { isRequestId } from '../protocol/request-id.js';
import { letWait } from './waiting-headers.js';

/** A request that has its id. */
export interface IdentifiedRequest extends IncomingMessage {
  id: string;
}

/**
 * Gives a request its id: the caller's own `X-Request-Id` where it is sane, else a new one. Every
 * answer carries it, every log line names it.
 */
export function identify(request: IncomingMessage, response: ServerResponse): string {
  const [offered] = headerValues(request.rawHeaders, 'x-request-id');
  const id = offered !== undefined && isRequestId(offered) ? offered : randomUUID();
  (request as IdentifiedRequest).id = id;
  letWait(response, 'X-Request-Id', id);
  return id;
}

/** The id that {@link identify} gave a request. */
export function requestIdOf(request: IncomingMessage): string {
  return (request as IdentifiedRequest).id;
}

/**
 * Before Node 24, following a request through its promises puts a hook on every one of them, which
 * takes a fifth of what a node can do. There the lines that tell of a request by themselves have its
 * id, such as those of refusals, and no others.
 */
const CURRENT =
  Number(process.versions.node.split('.', 1)[0]) < 24 ? undefined : new AsyncLocalStorage<string>();

/** Runs what answers a request so that {@link currentRequestId} knows it, from Node 24 on. */
export function inRequest(id: string, task: () => void): void {
  if (CURRENT === undefined) task();
  else CURRENT.run(id, task);
}

/** The id of the request that is being answered, for the log; undefined outside of any. */
export function currentRequestId(): string | undefined {
  return CURRENT?.getStore();
}
