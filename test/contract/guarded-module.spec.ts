/**
 * What a developer pays for a new guarded route: `test/support/ten-lines.module.ts`, and the one
 * line that lists it. Real: the module, the guard, HTTP. Not real: the tokens.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ResourceServerModule } from '../../src/resource-server/index.js';
import { TEST_AUDIENCE, TestTokenVerifier, withScopes } from '../../src/resource-server/testing.js';
import { send } from '../support/http.js';
import { RatesModule } from '../support/ten-lines.module.js';

@Module({
  imports: [
    ResourceServerModule.forRoot({ verifier: new TestTokenVerifier(), audience: TEST_AUDIENCE }),
    RatesModule,
  ],
})
class AppWithRates {}

let app: INestApplication;
let url: string;

beforeAll(async () => {
  app = await NestFactory.create(AppWithRates, { logger: false });
  await app.listen(0, '127.0.0.1');
  url = `${await app.getUrl()}/rates`;
});

afterAll(() => app.close());

describe('a new guarded route', () => {
  it('takes ten lines or fewer, imports and all', () => {
    const source = readFileSync(
      join(import.meta.dirname, '../support/ten-lines.module.ts'),
      'utf8',
    );
    const lines = source.split('\n').filter((line) => line.trim() !== '');
    expect(lines.length).toBeLessThanOrEqual(10);
  });

  it('asks a caller without a token for one: 401', async () => {
    const { status, headers } = await send(url);
    expect({ status, challenge: headers.get('www-authenticate') }).toEqual({
      status: 401,
      challenge: 'Bearer realm="api"',
    });
  });

  it('turns a token without the scope away: 403', async () => {
    const { status, headers } = await send(url, { headers: withScopes('write', 'admin') });
    expect({ status, challenge: headers.get('www-authenticate') }).toEqual({
      status: 403,
      challenge: 'Bearer realm="api", error="insufficient_scope", scope="read"',
    });
  });

  it('answers a token with the scope: 200', async () => {
    const { status, text } = await send(url, { headers: withScopes('read') });
    expect({ status, text }).toEqual({ status: 200, text: '["EUR/USD"]' });
  });
});
