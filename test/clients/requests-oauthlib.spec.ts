/**
 * requests-oauthlib (Python) against the built server on a real PostgreSQL. Where Python does not
 * have it, the tests are skipped, and say so.
 */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { aClient, type StoredClient } from '../support/builders.js';
import { startNodes, type Nodes } from './nodes.js';

const PROGRAM = `
import json, os, sys
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

how, token_url, api_url, client_id, secret = sys.argv[1:]
session = OAuth2Session(client=BackendApplicationClient(client_id, scope=['read', 'write']))
credentials = (
    {'auth': HTTPBasicAuth(client_id, secret)} if how == 'header'
    else {'client_id': client_id, 'client_secret': secret, 'include_client_id': True}
)
try:
    token = session.fetch_token(token_url, **credentials)
    print(json.dumps({'scope': token['scope'], 'api': session.get(api_url).json()}))
except OAuth2Error as error:
    print(json.dumps({'error': error.error, 'status': error.status_code}))
`;

const installed = spawnSync('python3', ['-c', 'import requests_oauthlib']).status === 0;
const note = installed ? '' : ' (skipped: python3 has no requests_oauthlib)';

let nodes: Nodes;
let client: StoredClient;

beforeAll(async () => {
  nodes = await startNodes();
  client = await aClient(nodes.server.database);
});

afterAll(() => nodes.stop());

async function python(how: 'header' | 'body', secret: string): Promise<unknown> {
  const tokenUrl = `${nodes.server.baseUrl}/o/token/`;
  const args = ['-c', PROGRAM, how, tokenUrl, nodes.guardedUrl, client.clientId, secret];
  const { PATH = '', HOME = '', PYTHONPATH = '' } = process.env;
  const { stdout } = await promisify(execFile)('python3', args, {
    env: { PATH, HOME, PYTHONPATH, OAUTHLIB_INSECURE_TRANSPORT: '1' },
  });
  return JSON.parse(stdout);
}

(installed ? describe : describe.skip)(`requests-oauthlib${note}`, () => {
  it.each(['header', 'body'] as const)(
    'gets a token with the credentials in the %s that a guarded route takes',
    async (how) => {
      expect(await python(how, client.clientSecret)).toEqual({
        scope: ['read', 'write'],
        api: { clientId: client.clientId, scopes: ['read', 'write'] },
      });
    },
  );

  it.each(['header', 'body'] as const)(
    'gives our error for a wrong secret in the %s',
    async (how) => {
      expect(await python(how, 'wrong')).toMatchObject({ error: 'invalid_client' });
    },
  );
});
