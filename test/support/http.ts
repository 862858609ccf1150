import { connect } from 'node:net';
import type { StoredClient } from './builders.js';

/** An answer with its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON. */
  readonly body: Record<string, unknown>;
}

/** Sends a request and reads the answer. A redirect is an answer, not followed. */
export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  const json = text !== '' && /json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: json ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
}

/** The header of HTTP Basic. */
export function basic({ clientId, clientSecret }: StoredClient): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
}

/**
 * A request for a token, all of it as it goes over the wire.
 *
 * @param more what stands behind the grant in the body, with the `&` in front of it
 */
export function tokenRequest(client: StoredClient, more = ''): string {
  const body = `grant_type=client_credentials${more}`;
  return `POST /o/token/ HTTP/1.1\r\nHost: x\r\nAuthorization: ${basic(client)}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/**
 * Posts a form.
 *
 * @param form as it goes over the wire, or pairs that are encoded
 */
export function postForm(
  url: string,
  form: string | Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return send(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof form === 'string' ? form : new URLSearchParams(form).toString(),
  });
}

/** Gets a token, and fails where there is none. */
export async function getToken(
  baseUrl: string,
  client: StoredClient,
  scope?: string,
): Promise<string> {
  const answer = await postForm(
    `${baseUrl}/o/token/`,
    { grant_type: 'client_credentials', ...(scope !== undefined && { scope }) },
    { Authorization: basic(client) },
  );
  if (answer.status !== 200) throw new Error(`no token: ${answer.text}`);
  return String(answer.body.access_token);
}

/**
 * Sends bytes as they are, for what no HTTP client would send, and gives the whole answer as text.
 * The request has to ask for `Connection: close`.
 */
export function sendRaw(baseUrl: string, request: string | Buffer): Promise<string> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.on('error', reject);
    socket.write(request);
  });
}
