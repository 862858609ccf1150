import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenAPIObject, SecuritySchemeObject } from '@nestjs/swagger';
import { getToken, send, type Answer } from '../support/http.js';
import { aClient } from '../support/builders.js';
import { startServer, type TestServer } from '../support/server.js';
import { documentedRoutes } from './controller-routes.js';
import {
  fetchDocument,
  operationsOf,
  placesIn,
  resolveRef,
  type Operation,
  type Place,
} from './document.js';

/** What the server's own secrets and tokens look like. */
const SECRET = /^pst_[A-Za-z0-9]{40}$/;
const TOKEN = /^[A-Za-z0-9]{30}$/;

// Real: the built server and PostgreSQL. It has to be the build: the compiler plugin that reads
// descriptions from the DTOs runs nowhere else.
describe('the OpenAPI document', () => {
  let server: TestServer;
  let document: OpenAPIObject;
  let operations: Operation[];

  beforeAll(async () => {
    server = await startServer();
    document = await fetchDocument(server.baseUrl);
    operations = operationsOf(document);
  });

  afterAll(async () => {
    await server.stop();
  });

  it('is OpenAPI 3.1, of the version of this package', () => {
    const file = join(import.meta.dirname, '../../package.json');
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Postern', version } });
  });

  it('uses no word of OpenAPI 3.0 that 3.1 gave up', () => {
    const outdated = placesIn(document)
      .filter(
        ({ value }) =>
          'nullable' in value ||
          typeof value.exclusiveMinimum === 'boolean' ||
          typeof value.exclusiveMaximum === 'boolean',
      )
      .map(({ where }) => where);
    expect(outdated).toEqual([]);
  });

  it('has every route of every controller, and no other', async () => {
    const described = operations.map(({ method, path }) => `${method} ${path}`);
    expect(described.toSorted()).toEqual((await documentedRoutes()).toSorted());
  });

  it('gives every operation a name of its own, a summary, a known tag and a success', () => {
    const tags = document.tags?.map(({ name }) => name) ?? [];
    const faulty = operations
      .filter(
        ({ operationId, summary, tags: own = [], responses }) =>
          !/^[a-z][A-Za-z0-9]*$/.test(operationId ?? '') ||
          (summary ?? '') === '' ||
          own.length !== 1 ||
          !own.every((name) => tags.includes(name)) ||
          !Object.keys(responses).some((status) => status.startsWith('2')),
      )
      .map(nameOf);
    expect(faulty).toEqual([]);
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('gives every tag a sentence, and at least one operation', () => {
    const used = operations.flatMap(({ tags }) => tags ?? []);
    const faulty = (document.tags ?? []).filter(
      ({ name, description }) => !description?.endsWith('.') || !used.includes(name),
    );
    expect(faulty).toEqual([]);
  });

  it('describes every response and every parameter, and declares those of the path', () => {
    const faulty = operations.flatMap((operation) => {
      const parameters = (operation.parameters ?? []) as { name: string; description?: string }[];
      const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      return [
        ...inPath.filter((name) => !parameters.some((parameter) => parameter.name === name)),
        ...parameters.filter(({ description }) => !description).map(({ name }) => name),
        ...Object.entries(operation.responses)
          .filter(([, response]) => !(response as { description?: string }).description)
          .map(([status]) => status),
      ].map((fault) => `${nameOf(operation)}: ${fault}`);
    });
    expect(faulty).toEqual([]);
  });

  it('describes every property of every schema', () => {
    const faulty = placesIn(document.components?.schemas ?? {})
      .filter(({ where }) => where.endsWith('/properties'))
      .flatMap(({ where, value }) =>
        Object.entries(value)
          .filter(([, property]) => !(property as { description?: string }).description)
          .map(([name]) => `${where}/${name}`),
      );
    expect(faulty).toEqual([]);
  });

  it('holds no reference that leads nowhere', () => {
    const broken = placesIn(document)
      .map(({ value }) => value.$ref)
      .filter((ref) => typeof ref === 'string' && resolveRef(document, ref) === undefined);
    expect(broken).toEqual([]);
  });

  it('holds no secret, and no token that would be let in', async () => {
    expect(JSON.stringify(document)).not.toContain(server.admin.clientSecret);
    const words = placesIn(document).flatMap(({ value }) => wordsOf(value));
    expect(words.filter((word) => SECRET.test(word))).toEqual([]);
    // Where nothing is guarded, no token opens anything.
    const guarded = operations.filter((operation) => alternatives(operation).length > 0);
    for (const token of new Set(words.filter((word) => TOKEN.test(word)))) {
      const statuses = await statusesOf(guarded, () => token);
      expect(statuses).toEqual(guarded.map((operation) => [nameOf(operation), 401]));
    }
  });

  async function statusesOf(
    called: Operation[],
    tokenFor: (operation: Operation) => string | undefined,
  ): Promise<[string, number][]> {
    const statuses: [string, number][] = [];
    for (const operation of called) {
      const answer = await call(server, operation, tokenFor(operation));
      statuses.push([nameOf(operation), answer.status]);
    }
    return statuses;
  }

  describe('on access', () => {
    it('names one scheme, whose token endpoint is a path of this document', () => {
      const schemes = document.components?.securitySchemes as Record<string, SecuritySchemeObject>;
      expect(Object.keys(schemes)).toEqual(['oauth2']);
      const { tokenUrl = '' } = schemes.oauth2?.flows?.clientCredentials ?? {};
      expect(tokenUrl).toBe('/o/token/');
      const path = document.paths[tokenUrl] ?? document.paths[tokenUrl.replace(/\/$/, '')];
      expect(Object.keys(path?.post?.requestBody ?? {})).toContain('content');
      expect(path?.post?.requestBody).toMatchObject({
        content: { 'application/x-www-form-urlencoded': { schema: expect.anything() } },
      });
    });

    it('offers every scope that an operation asks for, with a sentence', () => {
      const scheme = document.components?.securitySchemes?.oauth2 as SecuritySchemeObject;
      const offered = scheme.flows?.clientCredentials?.scopes ?? {};
      const needed = operations.flatMap(alternatives).flat();
      expect(needed.filter((scope) => !offered[scope])).toEqual([]);
      expect(Object.keys(offered)).toEqual(expect.arrayContaining(['read', 'write', 'admin']));
    });

    it('tells 401, 403 and 503 of whatever needs a token with a scope', () => {
      const faulty = operations
        .filter((operation) => alternatives(operation).some((scopes) => scopes.length > 0))
        .filter(({ responses }) => ['401', '403', '503'].some((status) => !(status in responses)))
        .map(nameOf);
      expect(faulty).toEqual([]);
    });

    it('without a token: the guard refuses exactly what the document guards', async () => {
      const refused: string[] = [];
      for (const operation of operations) {
        const { status, headers } = await call(server, operation);
        const challenge = headers.get('www-authenticate') ?? '';
        if (status === 401 && challenge.startsWith('Bearer')) refused.push(nameOf(operation));
      }
      const guarded = operations.filter((operation) => alternatives(operation).length > 0);
      expect(refused).toEqual(guarded.map(nameOf));
    });

    it('with a token that has none of its scopes: each operation with scopes is refused', async () => {
      const client = await aClient(server.database, { scopes: ['introspection'] });
      const token = await getToken(server.baseUrl, client);
      const scoped = operations.filter((operation) =>
        alternatives(operation).some((scopes) => !scopes.includes('introspection')),
      );
      const withScopes = scoped.filter((operation) =>
        alternatives(operation).every((scopes) => scopes.length > 0),
      );
      const statuses = await statusesOf(withScopes, () => token);
      expect(statuses).toEqual(withScopes.map((operation) => [nameOf(operation), 403]));
    });

    it('with a token that has exactly the scopes it names: each operation lets in', async () => {
      const tokens = new Map<string, string>();
      const guarded = operations.filter((operation) => alternatives(operation).length > 0);
      for (const scope of new Set(guarded.map(scopeOf))) {
        tokens.set(scope, await getToken(server.baseUrl, server.admin, scope));
      }
      const statuses = await statusesOf(guarded, (operation) => tokens.get(scopeOf(operation)));
      expect(statuses.filter(([, status]) => status === 401 || status === 403)).toEqual([]);
    });
  });
});

function nameOf({ method, path }: Operation): string {
  return `${method} ${path}`;
}

/** The scope lists of which a token needs one; none where no token is needed. */
function alternatives({ security = [] }: Operation): string[][] {
  return security.map((requirement) => requirement.oauth2 ?? []);
}

/** The first of them, as a token request has it. */
function scopeOf(operation: Operation): string {
  return alternatives(operation)[0]?.join(' ') ?? '';
}

/** Calls an operation with nothing filled in: access is decided before anything is looked at. */
function call(server: TestServer, { method, path }: Operation, token?: string): Promise<Answer> {
  return send(`${server.baseUrl}${path.replace(/\{\w+\}/g, 'x')}`, {
    method,
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
  });
}

/** The words of the texts in an object itself. */
function wordsOf(value: Place['value']): string[] {
  return Object.values(value)
    .filter((part) => typeof part === 'string')
    .flatMap((text) => text.split(/[^\w.~-]+/));
}
