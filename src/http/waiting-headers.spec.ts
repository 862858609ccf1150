import { once } from 'node:events';
import { createServer, get, ServerResponse, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { areWaiting, classOfWaiting, letWait, writeWhole } from './waiting-headers.js';

/** What a handler does with a response that two headers were set on, and what it is told. */
type Act = (response: ServerResponse) => unknown;

const TYPE = ['Content-Type', 'text/plain'] as const;

const ACTS: readonly (readonly [string, Act])[] = [
  ['answers at once', () => undefined],
  ['gets a header', (response) => response.getHeader('x-ONE')],
  ['gets one that is not there', (response) => response.getHeader('X-Three')],
  ['gets all headers', (response) => ({ ...response.getHeaders() })],
  ['gets the names', (response) => response.getHeaderNames()],
  ['gets the names as they were set', (response) => rawNamesOf(response)],
  ['asks for a header', (response) => [response.hasHeader('X-One'), response.hasHeader('X-No')]],
  ['sets another', (response) => void response.setHeader('X-Three', '3')],
  ['sets the same anew', (response) => void response.setHeader('x-one', 'other')],
  ['sets several', (response) => void response.setHeaders(new Map([['X-One', 'other']]))],
  ['adds to one', (response) => void response.appendHeader('X-One', 'more')],
  ['removes one', (response) => response.removeHeader('X-One')],
  ['lets the same wait again', (response) => letWait(response, 'x-ONE', 'other')],
  ['lets another wait after a look', (response) => (response.getHeaderNames(), third(response))],
  ['sets a status', (response) => void (response.statusCode = 202)],
];

const ENDS: readonly (readonly [string, Act])[] = [
  ['a whole body', (response) => writeWhole(response, TYPE, 'body')],
  ['writeHead', (response) => response.writeHead(203, { 'X-Two': 'last' }).end('body')],
  ['writeHead with a list', (response) => response.writeHead(203, [...TYPE]).end('body')],
  ['writeHead with a reason', (response) => response.writeHead(203, 'Fine').end('body')],
  ['end', (response) => response.end('body')],
  ['parts', (response) => (response.write('bo'), response.end('dy'))],
  ['its head, and the body later', (response) => (response.flushHeaders(), response.end('body'))],
];

const LOOKS: Act = (response) => [
  response.headersSent,
  response.getHeader('X-One'),
  response.hasHeader('X-Two'),
  { ...response.getHeaders() },
  response.getHeaderNames(),
  rawNamesOf(response),
];

function third(response: ServerResponse): void {
  letWait(response, 'X-Three', '3');
}

function rawNamesOf(response: ServerResponse): string[] {
  return (response as unknown as { getRawHeaderNames: () => string[] }).getRawHeaderNames();
}

/** What a server that answers so is seen to do, inside and outside. */
async function seen(born: typeof ServerResponse, act: Act, end: Act): Promise<unknown> {
  let told: unknown;
  const server = createServer({ ServerResponse: born }, (_request, response) => {
    letWait(response, 'X-One', '1');
    letWait(response, 'X-Two', '2');
    const before = act(response);
    end(response);
    told = [before, LOOKS(response), thrownBy(() => response.setHeader('X-Late', ''))];
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const answer = await ask(server);
  server.close();
  return { ...answer, told };
}

async function ask(server: Server): Promise<object> {
  const { port } = server.address() as AddressInfo;
  const [answer] = (await once(get({ port, agent: false }), 'response')) as [IncomingMessage];
  const headers = answer.rawHeaders.map((entry, index, all) =>
    all[index - 1] === 'Date' ? 'now' : entry,
  );
  return {
    status: answer.statusCode,
    reason: answer.statusMessage,
    headers,
    body: await text(answer),
  };
}

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
  return 'nothing';
}

describe.each(ACTS)('a handler that %s', (_name, act) => {
  it.each(ENDS)('answers by %s as if nothing had waited', async (_how, end) => {
    expect(await seen(classOfWaiting(), act, end)).toEqual(await seen(ServerResponse, act, end));
  });
});

it('waits until somebody touches the headers', async () => {
  const waited: boolean[] = [];
  const note: Act = (response) => waited.push(areWaiting(response));
  const end: Act = (response) => (note(response), response.end());
  await seen(classOfWaiting(), note, end);
  await seen(classOfWaiting(), (response) => response.getHeader('X-One'), end);
  await seen(ServerResponse, note, end);
  expect(waited).toEqual([true, true, false, false, false]);
});
