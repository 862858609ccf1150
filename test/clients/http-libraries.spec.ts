/**
 * Libraries that know little or nothing of OAuth, as the customers' programs use them, against the
 * built server on a real PostgreSQL: simple-oauth2 5, axios 1 and Node's own fetch (undici).
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import axios, { AxiosError } from 'axios';
import { ClientCredentials } from 'simple-oauth2';
import { aClient, type StoredClient } from '../support/builders.js';
import { basic } from '../support/http.js';
import { startNodes, type Nodes } from './nodes.js';

const ISSUED = {
  access_token: expect.stringMatching(/^[A-Za-z0-9]{30}$/),
  token_type: 'Bearer',
  expires_in: 36000,
  scope: 'read write',
};

let nodes: Nodes;
let client: StoredClient;

beforeAll(async () => {
  nodes = await startNodes();
  client = await aClient(nodes.server.database);
});

afterAll(() => nodes.stop());

const tokenUrl = (): string => `${nodes.server.baseUrl}/o/token/`;

async function expectLetIn(accessToken: unknown): Promise<void> {
  const answer = await fetch(nodes.guardedUrl, {
    headers: { Authorization: `Bearer ${String(accessToken)}` },
  });
  expect({ status: answer.status, body: await answer.json() }).toEqual({
    status: 200,
    body: { clientId: client.clientId, scopes: ['read', 'write'] },
  });
}

async function thrownBy(attempt: Promise<unknown>): Promise<unknown> {
  return attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('simple-oauth2', () => {
  function library(
    authorizationMethod: 'header' | 'body',
    secret = client.clientSecret,
  ): ClientCredentials {
    return new ClientCredentials({
      client: { id: client.clientId, secret },
      auth: { tokenHost: nodes.server.baseUrl, tokenPath: '/o/token/' },
      options: { authorizationMethod },
    });
  }

  it.each(['header', 'body'] as const)(
    'gets a token with the credentials in the %s, and knows when it expires',
    async (method) => {
      const issued = await library(method).getToken({ scope: ['read', 'write'] });
      expect(issued.token).toMatchObject(ISSUED);
      expect(issued.expired()).toBe(false);
      expect(issued.expired(36_001)).toBe(true);
      await expectLetIn(issued.token.access_token);
    },
  );

  it.each(['header', 'body'] as const)(
    'gives our error for a wrong secret in the %s',
    async (method) => {
      const error = await thrownBy(library(method, 'wrong').getToken({}));
      expect(error).toMatchObject({
        output: { statusCode: 401 },
        data: { payload: { error: 'invalid_client' } },
      });
    },
  );
});

describe('axios', () => {
  it('gets a token with the credentials in the body', async () => {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client.clientId,
      client_secret: client.clientSecret,
    });
    const { status, data } = await axios.post<Record<string, unknown>>(tokenUrl(), form);
    expect({ status, data }).toEqual({ status: 200, data: ISSUED });
    await expectLetIn(data.access_token);
  });

  it('gets a token with its own Basic authentication', async () => {
    const { data } = await axios.post<Record<string, unknown>>(
      tokenUrl(),
      'grant_type=client_credentials',
      { auth: { username: client.clientId, password: client.clientSecret } },
    );
    expect(data).toEqual(ISSUED);
    await expectLetIn(data.access_token);
  });

  it('that sends an object, which is JSON, is told which type to send', async () => {
    const error = await thrownBy(axios.post(tokenUrl(), { grant_type: 'client_credentials' }));
    expect(error).toBeInstanceOf(AxiosError);
    expect((error as AxiosError).response).toMatchObject({
      status: 400,
      data: {
        error: 'invalid_request',
        error_description: expect.stringMatching(/application\/x-www-form-urlencoded.*JSON/),
      },
    });
  });

  it('gives our error for a wrong secret', async () => {
    const error = await thrownBy(
      axios.post(tokenUrl(), 'grant_type=client_credentials', {
        auth: { username: client.clientId, password: 'wrong' },
      }),
    );
    expect(error).toBeInstanceOf(AxiosError);
    expect((error as AxiosError).response).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="oauth"' },
      data: { error: 'invalid_client' },
    });
  });
});

describe('fetch', () => {
  it.each<[string, () => RequestInit]>([
    [
      'Basic and a form',
      () => ({
        headers: { Authorization: basic(client) },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      }),
    ],
    [
      'a form that has the credentials',
      () => ({
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: client.clientId,
          client_secret: client.clientSecret,
        }),
      }),
    ],
  ])('gets a token with %s', async (_how, request) => {
    const answer = await fetch(tokenUrl(), { method: 'POST', ...request() });
    expect(answer.status).toBe(200);
    const body = (await answer.json()) as Record<string, unknown>;
    expect(body).toEqual(ISSUED);
    await expectLetIn(body.access_token);
  });

  it('that sends FormData, which is multipart, is told which type to send', async () => {
    const body = new FormData();
    body.set('grant_type', 'client_credentials');
    const answer = await fetch(tokenUrl(), { method: 'POST', body });
    expect({ status: answer.status, body: await answer.json() }).toMatchObject({
      status: 400,
      body: {
        error: 'invalid_request',
        error_description: expect.stringMatching(/application\/x-www-form-urlencoded.*multipart/),
      },
    });
  });
});
