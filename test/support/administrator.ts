import type { StoredClient } from './builders.js';
import { getToken, send, type Answer } from './http.js';

/** Calls routes with a token of its own, as an administrator does. */
export interface Administrator {
  /** @param body sent as JSON; a text goes as it is */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
}

/** An {@link Administrator} at a server, with all the scopes of the client. */
export async function administrator(
  baseUrl: string,
  client: StoredClient,
  scope = 'read write admin',
): Promise<Administrator> {
  const token = await getToken(baseUrl, client, scope);
  return {
    call: (method, path, body, headers = {}) =>
      send(`${baseUrl}${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && {
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
      }),
  };
}

/** The credentials in an answer that made a client. */
export function credentialsIn({ body }: Answer): StoredClient {
  return { clientId: String(body.client_id), clientSecret: String(body.client_secret) };
}

/** Makes a client that may introspect, and nothing else. */
export async function anIntrospector(by: Administrator): Promise<StoredClient> {
  const settings = { client_name: 'Introspector', scope: 'introspection', grant_types: [] };
  const made = await by.call('POST', '/clients/', settings);
  if (made.status !== 201) throw new Error(`no introspector: ${made.text}`);
  return credentialsIn(made);
}

/** The statuses of answers that came in any order, the lowest first. */
export function statusesOf(answers: readonly Answer[]): number[] {
  return answers.map(({ status }) => status).toSorted((one, other) => one - other);
}
