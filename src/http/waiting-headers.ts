// The global one is a getter, and this is asked for at every request.
import { Buffer } from 'node:buffer';
import { OutgoingMessage, ServerResponse, type IncomingMessage } from 'node:http';
import { headerValues } from '../protocol/raw-headers.js';

/** Names and values in turn, as `writeHead` takes them. */
type RawHeaders = readonly string[];

/** What was set, until anybody asks for it: from then on it is where Node keeps headers. */
const WAITING = Symbol('postern:waiting headers');
/** What was written without Node having kept it. */
const WRITTEN = Symbol('postern:written headers');

type MayWait = ServerResponse & { [WAITING]?: string[] | undefined; [WRITTEN]?: RawHeaders };

/** What tells headers of a response, and what changes or writes them. */
const TELLS = ['getHeader', 'getHeaders', 'getHeaderNames', 'getRawHeaderNames', 'hasHeader'];
const CHANGES = ['setHeader', 'appendHeader', 'removeHeader', 'writeHead'];

type Method = (...given: unknown[]) => unknown;

/**
 * Makes a class of responses whose headers can wait. Node keeps each header that it is given in a
 * table, and reads that out again for the head: a twentieth of a guarded request. What
 * {@link letWait} is given lies in a list, which {@link writeWhole} writes as it lies there. To
 * whoever looks, before or after, all is as if it had been set by `setHeader`.
 */
export function classOfWaiting(): typeof ServerResponse {
  class WaitingResponse<Asked extends IncomingMessage> extends ServerResponse<Asked> {
    [WAITING]: string[] | undefined = [];
    [WRITTEN]?: RawHeaders;
  }
  const nodes = ServerResponse.prototype as unknown as Record<string, Method>;
  for (const name of [...TELLS, ...CHANGES]) {
    const method = nodes[name];
    if (method === undefined) throw new Error(`Node has no ${name} any more`);
    // None takes more than three, and a list of them would cost more than the rest.
    const value = function (this: MayWait, one: unknown, two: unknown, three: unknown): unknown {
      if (this[WAITING] !== undefined) setWaiting(this);
      else if (this[WRITTEN] !== undefined && TELLS.includes(name)) {
        return method.call(tableOf(this[WRITTEN]), one, two, three);
      }
      return method.call(this, one, two, three);
    };
    Object.defineProperty(WaitingResponse.prototype, name, { value, writable: true });
  }
  return WaitingResponse;
}

/**
 * Sets a header that nobody has set before. It may wait where the response is of such a class.
 *
 * @param value that Node would take as it is: in the list it is looked at only when it is written
 */
export function letWait(response: ServerResponse, name: string, value: string): void {
  const waiting = (response as MayWait)[WAITING];
  if (waiting === undefined || headerValues(waiting, name.toLowerCase()).length > 0)
    response.setHeader(name, value);
  else waiting.push(name, value);
}

/** Whether nobody has set or asked for a header but by {@link letWait}. */
export function areWaiting(response: ServerResponse): boolean {
  return (response as MayWait)[WAITING] !== undefined;
}

/**
 * Answers with a body that is all there, under the status that the response has.
 *
 * @param headers names and values in turn, beside those that the response has already; its
 *   `Content-Length` comes by itself
 */
export function writeWhole(response: ServerResponse, headers: RawHeaders, body: string): void {
  const length = String(Buffer.byteLength(body));
  const waiting = takeWaiting(response);
  if (waiting === undefined) {
    setAll(response, headers);
    response.setHeader('Content-Length', length);
  } else {
    waiting.push(...headers, 'Content-Length', length);
    response.writeHead(response.statusCode, waiting);
    (response as MayWait)[WRITTEN] = waiting;
  }
  response.end(body);
}

function setWaiting(response: ServerResponse): void {
  const waiting = takeWaiting(response);
  if (waiting !== undefined) setAll(response, waiting);
}

function takeWaiting(response: MayWait): string[] | undefined {
  const waiting = response[WAITING];
  response[WAITING] = undefined;
  return waiting;
}

function setAll(message: OutgoingMessage, headers: RawHeaders): void {
  for (let index = 0; index < headers.length; index += 2) {
    message.setHeader(headers[index] ?? '', headers[index + 1] ?? '');
  }
}

function tableOf(headers: RawHeaders): OutgoingMessage {
  const message = new OutgoingMessage();
  setAll(message, headers);
  return message;
}
