import type { Operation } from '../../openapi/document.js';
import { basic } from '../http.js';
import type { Dice } from './dice.js';
import type { Findings, FoundClient } from './findings.js';
import {
  asHeader,
  brokenForm,
  brokenJson,
  FORGED_CURSORS,
  HOSTILE_TEXTS,
  HOSTILE_TIMES,
  hostileValue,
} from './hostile.js';
import { fittingObject, fittingValue, type ValueSchema } from './values.js';

const FORM = 'application/x-www-form-urlencoded';

/** Tokens to call with; each is good, but for the dead one. */
export interface Tokens {
  readonly byScope: ReadonlyMap<string, string>;
  readonly all: string;
  readonly dead: string;
}

/** How a request reaches its operation: as the document has it, as HEAD, or past it. */
type Way = 'called' | 'head' | 'missed';

/** A request that was made up, about an operation of the document. */
export interface GeneratedRequest {
  readonly operation: Operation;
  readonly way: Way;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer | undefined;
  /** The client that it is about, or comes from. */
  readonly client: FoundClient | undefined;
}

type Aim = Pick<GeneratedRequest, 'way' | 'method' | 'target'>;

/** Characters; the server takes 16 KiB, and the framing of the body is to come. */
const LONGEST_HEAD = 15_000;
const LONGEST_TARGET = 8000;
const OTHER_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'QUERY'];

interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly required?: boolean;
  readonly schema?: ValueSchema;
}

/** Makes up requests: about half are as the document has them, the rest nearly so. */
export class RequestMaker {
  constructor(
    private readonly dice: Dice,
    private readonly found: Findings,
    private readonly tokens: Tokens,
    private readonly operations: readonly Operation[],
    /** What a `$ref` stands for. */
    private readonly resolve: (schema: ValueSchema) => ValueSchema,
  ) {}

  /** Never one that the server refuses before it looks for the operation (414, 431). */
  make(operation: Operation): GeneratedRequest {
    for (;;) {
      const request = this.draw(operation);
      if (request.target.length <= LONGEST_TARGET && headOf(request).length <= LONGEST_HEAD) {
        return request;
      }
    }
  }

  private draw(operation: Operation): GeneratedRequest {
    const { dice } = this;
    const hostile = dice.chance(0.5);
    const client = dice.chance(0.9) ? this.someClient() : undefined;
    const headers: [string, string][] = [['Host', 'postern.test'], ...this.parameters(operation)];
    const path = this.path(operation, client, hostile && dice.chance(0.3));
    const isOAuth = this.bodySchema(operation, FORM) !== undefined;
    const body = this.body(operation, client, hostile);
    headers.push(...(isOAuth ? body.credentials : this.bearer(operation, hostile)));
    if (body.bytes !== undefined) headers.push(['Content-Type', body.type]);
    if (hostile) headers.push(...this.oddHeaders());
    const { way, method, target } = this.way(operation, path, hostile);
    const query = this.query(operation, hostile);
    return {
      operation,
      way,
      method,
      target: `${target}${query}`,
      headers,
      client,
      body: body.bytes,
    };
  }

  /** How it goes, and where; a few go past the operation. */
  private way({ path, method }: Operation, filled: string, hostile: boolean): Aim {
    const { dice } = this;
    if (!hostile || dice.chance(0.85)) return { way: 'called', method, target: filled };
    if (method === 'GET' && dice.chance(0.3))
      return { way: 'head', method: 'HEAD', target: filled };
    if (dice.chance(0.5)) {
      const known = this.operations.filter((one) => one.path === path).map((one) => one.method);
      const others = OTHER_METHODS.filter((one) => !known.includes(one));
      return { way: 'missed', method: dice.pick(others), target: filled };
    }
    const elsewhere = [`${filled}%zz`, `/${filled}`, `/x${filled}`, `${filled.slice(0, 2)}%`];
    if (dice.chance(0.3)) return { way: 'called', method, target: upperCase(filled, path) };
    return { way: 'missed', method, target: dice.pick([...elsewhere, `${filled}/a/b/c/d`]) };
  }

  private someClient(): FoundClient | undefined {
    return this.found.clients.length === 0 ? undefined : this.dice.pick(this.found.clients);
  }

  private path({ path, operationId }: Operation, client: FoundClient | undefined, odd: boolean) {
    const { dice, found } = this;
    const known: Record<string, string | undefined> = {
      client_id: client?.clientId,
      secret_id: client?.secretIds[0],
      name: dice.pick(['read', ...found.scopes]),
      payment_id: found.payments.at(-1),
      code: dice.pick(['invalid_client', 'not_found', 'invalid_request']),
    };
    if (operationId === 'deleteClient' && dice.chance(0.5)) known.client_id = undefined;
    const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => {
      const value = odd ? dice.pick(HOSTILE_TEXTS) : (known[name] ?? dice.letters(12));
      return percentEncoded(value === '' ? 'x' : value);
    });
    return dice.chance(0.3) ? `${filled}/` : filled;
  }

  private query({ parameters = [] }: Operation, hostile: boolean): string {
    const { dice } = this;
    const taken = (parameters as Parameter[])
      .filter((parameter) => parameter.in === 'query' && dice.chance(hostile ? 0.4 : 0.2))
      .map(({ name, schema }): [string, string] => [name, this.queryValue(name, schema, hostile)]);
    if (hostile && dice.chance(0.1)) taken.push(...taken);
    if (hostile && dice.chance(0.1)) taken.push([dice.pick(HOSTILE_TEXTS), 'x']);
    if (hostile && dice.chance(0.03)) taken.push(['access_token', this.tokens.all]);
    if (hostile && dice.chance(0.03)) taken.push(['client_secret', 'x']);
    const pairs = taken.map(([name, value]) => `${percentEncoded(name)}=${percentEncoded(value)}`);
    if (hostile && dice.chance(0.05)) pairs.push(dice.pick(['%', '%zz=1', '=', '&&', 'limit[]=1']));
    return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
  }

  private queryValue(name: string, schema: ValueSchema = {}, hostile: boolean): string {
    const { dice, found } = this;
    if (hostile && dice.chance(0.3)) return dice.pick(HOSTILE_TEXTS);
    if (hostile && name === 'cursor' && dice.chance(0.5)) return dice.pick(FORGED_CURSORS);
    if (hostile && schema.format === 'date-time') return dice.pick(HOSTILE_TIMES);
    if (name === 'cursor') return dice.pick([...found.cursors.values(), 'x']);
    return String(fittingValue(name, schema, dice, found));
  }

  /** Those that stand in headers. */
  private parameters({ parameters = [] }: Operation): [string, string][] {
    const { dice, found } = this;
    return (parameters as Parameter[])
      .filter((parameter) => parameter.in === 'header' && dice.chance(0.3))
      .map(({ name }) => {
        const value = dice.pick(['*', '"1"', ...found.etags, ...HOSTILE_TEXTS, dice.letters(8)]);
        return [name, asHeader(value)];
      });
  }

  private bearer({ security }: Operation, hostile: boolean): [string, string][] {
    const { dice, tokens } = this;
    const { oauth2 } = (security?.[0] ?? {}) as { oauth2?: string[] };
    const right = tokens.byScope.get(oauth2?.[0] ?? '') ?? tokens.all;
    const header = (value: string): [string, string] => ['Authorization', value];
    if (!hostile || dice.chance(0.7)) return [header(`Bearer ${dice.pick([right, tokens.all])}`)];
    return dice.pick<() => [string, string][]>([
      () => [],
      () => [header(`Bearer ${dice.pick([...tokens.byScope.values()])}`)],
      () => [header(`Bearer ${tokens.dead}`)],
      () => [header(`bearer  ${right}`)],
      () => [header('Bearer')],
      () => [header(`Bearer ${asHeader(dice.pick(HOSTILE_TEXTS))}`)],
      () => [header(asHeader(dice.pick(HOSTILE_TEXTS)))],
      () => [header(`Basic ${right}`)],
      () => [header(`Bearer ${right}`), header(`Bearer ${right}`)],
    ])();
  }

  private oddHeaders(): [string, string][] {
    const { dice } = this;
    if (!dice.chance(0.3)) return [];
    return [
      dice.pick<[string, string]>([
        ['X-Request-Id', asHeader(dice.pick(HOSTILE_TEXTS))],
        ['X-Request-Id', dice.letters(20)],
        ['Accept', dice.pick(['text/html', 'text/markdown', 'application/json', 'x/y;q=z', ',,'])],
        ['Accept-Language', asHeader(dice.pick(HOSTILE_TEXTS))],
        ['X-Forwarded-For', asHeader(dice.pick(HOSTILE_TEXTS))],
        ['Content-Encoding', dice.pick(['gzip', 'identity', 'br', 'x'])],
        ['Content-Type', dice.pick(['text/plain', FORM, 'application/json;charset=x', ';', 'x'])],
        ['Expect', '100-continue'],
        ['Origin', 'https://evil.example'],
        ['Range', 'bytes=0-1'],
        ['If-None-Match', '*'],
        ['Cookie', asHeader(dice.pick(HOSTILE_TEXTS))],
        ['X-HTTP-Method-Override', 'DELETE'],
      ]),
    ];
  }

  private bodySchema({ requestBody }: Operation, type: string): ValueSchema | undefined {
    const { content } = (requestBody ?? {}) as {
      content?: Record<string, { schema: ValueSchema }>;
    };
    const schema = content?.[type]?.schema;
    return schema && this.resolve(schema);
  }

  private body(operation: Operation, client: FoundClient | undefined, hostile: boolean) {
    const form = this.bodySchema(operation, FORM);
    if (form !== undefined) return this.form(operation, form, client, hostile);
    const schema = this.bodySchema(operation, 'application/json');
    const type = this.dice.chance(0.9) ? 'application/json' : 'application/merge-patch+json';
    if (schema === undefined) {
      const bytes = hostile && this.dice.chance(0.05) ? Buffer.from('{"a":1}') : undefined;
      return { type, bytes, credentials: [] };
    }
    return { type, bytes: this.json(schema, hostile), credentials: [] };
  }

  private json(schema: ValueSchema, hostile: boolean): Buffer | undefined {
    const { dice } = this;
    const value = fittingObject(schema, dice, this.found);
    if (typeof value.scope === 'string' && schema.properties?.client_id === undefined) {
      // A scope's own name, or the scopes of a client that has none other.
      if (schema.required?.includes('description') === true) value.scope = `s:${dice.letters(6)}`;
      else delete value.default_scope;
    } else if (dice.chance(0.8)) {
      delete value.default_scope;
    }
    if (schema.properties?.self_rotation !== undefined && dice.chance(0.7)) {
      value.self_rotation = true;
    }
    if (!hostile || dice.chance(0.3)) return Buffer.from(JSON.stringify(value));
    if (dice.chance(0.3)) return brokenJson(dice, JSON.stringify(value));
    if (dice.chance(0.03)) return undefined;
    const names = [...Object.keys(schema.properties ?? {}), 'unknown', 'version', 'created_at'];
    for (let count = 1 + dice.below(3); count > 0; count -= 1) {
      const name = dice.pick(names);
      value[name] = dice.chance(0.15) ? undefined : this.oddValue(schema.properties?.[name]);
    }
    return Buffer.from(JSON.stringify(value));
  }

  private oddValue({ format }: ValueSchema = {}): unknown {
    const { dice } = this;
    const isTime = format === 'date-time' && dice.chance(0.7);
    return isTime ? dice.pick(HOSTILE_TIMES) : hostileValue(dice);
  }

  private form(
    { operationId = '' }: Operation,
    schema: ValueSchema,
    client: FoundClient | undefined,
    hostile: boolean,
  ) {
    const { dice } = this;
    const value = fittingObject(schema, dice, this.found);
    delete value.client_id;
    delete value.client_secret;
    if (operationId === 'issueToken' && dice.chance(0.7)) delete value.scope;
    // All of it may be left out, but an empty body is none.
    if (operationId === 'rotateOwnSecret') value.expires_previous_in = 0;
    const credentials = this.credentials(value, client, hostile);
    if (hostile && dice.chance(0.5)) {
      const names = [...Object.keys(schema.properties ?? {}), 'audience', 'unknown', 'resource'];
      const name = dice.pick(names);
      if (dice.chance(0.2)) delete value[name];
      else value[name] = asText(this.oddValue(schema.properties?.[name]));
    }
    const pairs = Object.entries(value).filter(([, one]) => one !== undefined);
    const form = pairs.map(([name, one]) => `${name}=${percentEncoded(String(one))}`).join('&');
    const bytes = hostile && dice.chance(0.25) ? brokenForm(dice, form) : Buffer.from(form);
    return { type: FORM, bytes, credentials };
  }

  /** Of a client: in the header, or put into the form. */
  private credentials(
    form: Record<string, unknown>,
    client: FoundClient | undefined,
    hostile: boolean,
  ): [string, string][] {
    const { dice, tokens } = this;
    const header = (value: string): [string, string][] => [['Authorization', value]];
    const shown = client ?? { clientId: dice.letters(12), clientSecret: dice.letters(40) };
    const inForm = (): [string, string][] => {
      form.client_id = shown.clientId;
      form.client_secret = shown.clientSecret;
      return [];
    };
    if (!hostile || dice.chance(0.6)) {
      return dice.chance(0.75) ? header(basic(shown)) : inForm();
    }
    return dice.pick<() => [string, string][]>([
      () => [],
      () => header(basic({ ...shown, clientSecret: dice.letters(40) })),
      () => header(`Bearer ${dice.pick([tokens.all, tokens.dead, ...tokens.byScope.values()])}`),
      () => header(`Basic ${asHeader(dice.pick(HOSTILE_TEXTS))}`),
      () => header(`Basic ${Buffer.from(dice.pick(HOSTILE_TEXTS)).toString('base64')}`),
      () => header(basic({ clientId: dice.pick(HOSTILE_TEXTS), clientSecret: 'x' })),
      () => [...header(basic(shown)), ...header(basic(shown))],
      () => [...header(basic(shown)), ...inForm()],
      () => {
        form.client_id = dice.pick(HOSTILE_TEXTS);
        form.client_secret = dice.pick(HOSTILE_TEXTS);
        return [];
      },
    ])();
  }
}

/** Every byte that is no letter or digit, so that what has no UTF-8 can be sent too. */
function percentEncoded(text: string): string {
  return Buffer.from(text)
    .toString('latin1')
    .replace(
      /[^A-Za-z0-9_~-]/g,
      (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
    );
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** In capitals, but for the values: routes are found in any case. */
function upperCase(filled: string, path: string): string {
  const template = path.split('/');
  return filled
    .split('/')
    .map((part, index) => (template[index] === part ? part.toUpperCase() : part))
    .join('/');
}

/** A request as it goes over the wire. */
export function onTheWire(request: GeneratedRequest, chunked: boolean): Buffer {
  const { body } = request;
  const framing =
    body === undefined
      ? []
      : [chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`];
  const head = [headOf(request), ...framing, '', ''].join('\r\n');
  const parts = body === undefined ? [] : chunked ? inChunks(body) : [body];
  return Buffer.concat([Buffer.from(head, 'latin1'), ...parts]);
}

function headOf({ method, target, headers }: GeneratedRequest): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}`);
  return [`${method} ${target} HTTP/1.1`, ...lines].join('\r\n');
}

function inChunks(body: Buffer): Buffer[] {
  const half = Math.floor(body.length / 2);
  const chunks = [body.subarray(0, half), body.subarray(half)].filter(({ length }) => length > 0);
  const framed = chunks.flatMap((chunk) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from('\r\n'),
  ]);
  return [...framed, Buffer.from('0\r\n\r\n')];
}
