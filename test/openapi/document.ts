import type { OpenAPIObject, OperationObject } from '@nestjs/swagger';
import { send } from '../support/http.js';

/** An operation of the document, with where it is. */
export interface Operation extends OperationObject {
  readonly method: string;
  readonly path: string;
}

/** A place in the document: its path, for a person, and what is there. */
export interface Place {
  readonly where: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

/** The document, as a running server gives it. */
export async function fetchDocument(baseUrl: string): Promise<OpenAPIObject> {
  const answer = await send(`${baseUrl}/docs/openapi.json`);
  if (answer.status !== 200) throw new Error(`no document: ${answer.text}`);
  return JSON.parse(answer.text) as OpenAPIObject;
}

/** Every operation of the document. */
export function operationsOf({ paths }: OpenAPIObject): Operation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ ...operation, method: method.toUpperCase(), path }];
    }),
  );
}

/** Every object in a value, however deep, with its path. */
export function placesIn(value: unknown, where = '#'): Place[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, part]) => placesIn(part, `${where}/${key}`));
  return [{ where, value: value as Place['value'] }, ...inner];
}

/** What a `$ref` of the document points at; undefined for nothing. */
export function resolveRef(document: OpenAPIObject, ref: string): unknown {
  const names = ref.split('/').slice(1);
  const start: unknown = ref.startsWith('#/') ? document : undefined;
  return names.reduce<unknown>(
    (value, name) =>
      (value as Record<string, unknown> | undefined)?.[
        name.replaceAll('~1', '/').replaceAll('~0', '~')
      ],
    start,
  );
}
