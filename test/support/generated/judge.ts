import type { OpenAPIObject } from '@nestjs/swagger';
import addFormats from 'ajv-formats';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { placesIn, type Operation } from '../../openapi/document.js';
import type { WireAnswer } from '../wire.js';
import type { GeneratedRequest } from './requests.js';

interface DocumentedResponse {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** Judges answers by the OpenAPI document, and by what the contract asks of every answer. */
export class Judge {
  private readonly document: OpenAPIObject;
  private readonly validators = new Map<object, ValidateFunction>();
  private readonly ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }));

  constructor(document: OpenAPIObject) {
    this.document = closed(document);
  }

  /** What is wrong with an answer; nothing where all is as it should be. */
  faultsOf(request: GeneratedRequest, answer: WireAnswer): string[] {
    const ofAll = [...ofEvery(answer), ...headersOf(request, answer)];
    if (request.way === 'missed') return [...ofAll, ...this.missed(request, answer)];
    return [...ofAll, ...this.documented(request, answer)];
  }

  private documented(request: GeneratedRequest, answer: WireAnswer): string[] {
    const { status, headers, body } = answer;
    if (status === 304 && isConditional(request))
      return body.length === 0 ? [] : ['304 with a body'];
    const { operation, way } = request;
    const responses = this.responsesOf(operation);
    const response = responses[String(status)];
    if (response === undefined) return [`status ${status} is not in the document`];
    const missing = Object.keys(response.headers ?? {})
      .filter((name) => !headers.has(name.toLowerCase()))
      .map((name) => `no ${name}, which the document promises`);
    if (way === 'head') return body.length === 0 ? missing : [...missing, 'HEAD with a body'];
    const types = Object.entries(response.content ?? {});
    if (types.length === 0) return body.length === 0 ? missing : [...missing, 'a body'];
    const type = (headers.get('content-type') ?? '').split(';', 1)[0]?.trim() ?? '';
    const content = response.content?.[type];
    if (content === undefined) return [...missing, `Content-Type ${type} is not in the document`];
    return [...missing, ...this.bodyFaults(type, content.schema, body)];
  }

  /** Past every operation: an error in one of the two forms. */
  private missed({ target }: GeneratedRequest, { status, headers, body }: WireAnswer): string[] {
    const [form, type] = /^\/o\//i.test(target)
      ? (['OAuthErrorDto', 'application/json'] as const)
      : (['Problem', 'application/problem+json'] as const);
    const schema = this.document.components?.schemas?.[form];
    const given = (headers.get('content-type') ?? '').split(';', 1)[0] ?? '';
    return [
      ...(status >= 400 ? [] : [`status ${status} where nothing is`]),
      ...(given === type ? this.bodyFaults(type, schema, body) : [`Content-Type ${given}`]),
    ];
  }

  private responsesOf({ path, method }: Operation): Readonly<Record<string, DocumentedResponse>> {
    const item = this.document.paths[path] as unknown as Readonly<
      Record<string, { readonly responses: Readonly<Record<string, DocumentedResponse>> }>
    >;
    return item[method.toLowerCase()]?.responses ?? {};
  }

  private bodyFaults(type: string, schema: object | undefined, body: Buffer): string[] {
    if (schema === undefined || !type.endsWith('json')) return body.length > 0 ? [] : ['no body'];
    let value: unknown;
    try {
      value = JSON.parse(body.toString());
    } catch {
      return ['a body that is not JSON'];
    }
    const validate = this.validatorOf(schema);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `body ${instancePath}: ${message ?? ''} ${JSON.stringify(params)}`,
    );
  }

  private validatorOf(schema: object): ValidateFunction {
    const known = this.validators.get(schema);
    if (known !== undefined) return known;
    // What a `$ref` names lies in the same document then.
    const validate = this.ajv.compile({ ...schema, components: this.document.components });
    this.validators.set(schema, validate);
    return validate;
  }
}

/** RFC 9110 §13.1.2 has the answer to these, for every resource alike: no document repeats it. */
function isConditional({ method, headers }: GeneratedRequest): boolean {
  return (
    ['GET', 'HEAD'].includes(method) &&
    headers.some(([name]) => name.toLowerCase() === 'if-none-match')
  );
}

function ofEvery({ status, headers }: WireAnswer): string[] {
  const faults: string[] = [];
  if (status >= 500) faults.push(`status ${status}`);
  if (!REQUEST_ID.test(headers.get('x-request-id') ?? '')) faults.push('no X-Request-Id');
  if (headers.has('x-injected')) faults.push('a header of the caller came back');
  if (headers.has('location') && status !== 201) faults.push('a redirect');
  return faults;
}

/** What the contract asks for beside the body. */
function headersOf({ target, way, method }: GeneratedRequest, answer: WireAnswer): string[] {
  const { status, headers } = answer;
  const isOAuth = /^\/o\/(token|revoke_token|introspect|client)/i.test(target);
  const type = headers.get('content-type') ?? '';
  const needed: [boolean, string, RegExp][] = [
    [isOAuth || status === 401 || status === 403, 'cache-control', /^no-store$/],
    [isOAuth && !type.includes('problem'), 'pragma', /^no-cache$/],
    [status === 401, 'www-authenticate', isOAuth ? /^(Basic realm="oauth"|Bearer )/ : /^Bearer /],
    [status === 401 && !isOAuth, 'www-authenticate', /resource_metadata="/],
    [status === 403 && !isOAuth, 'www-authenticate', /error="insufficient_scope", scope="/],
    [status === 405, 'allow', /^[A-Z]+(, [A-Z]+)*$/],
    [status === 429 || status === 503, 'retry-after', /^[1-9]\d*$/],
    [status === 201, 'content-type', /^application\/json/],
    [true, 'x-content-type-options', /^nosniff$/],
  ];
  const faults = needed
    .filter(([applies, name, pattern]) => applies && !pattern.test(headers.get(name) ?? ''))
    .map(([, name]) => `${name}: ${headers.get(name) ?? 'none'}`);
  if (status === 405 && way === 'missed' && headers.get('allow')?.split(', ').includes(method)) {
    faults.push(`405 for ${method}, which it allows`);
  }
  return faults;
}

/** The document with every object closed: a property that it does not name is a fault. */
function closed(document: OpenAPIObject): OpenAPIObject {
  const copy = structuredClone(document);
  for (const { value } of placesIn(copy)) {
    const schema = value as {
      type?: unknown;
      properties?: unknown;
      additionalProperties?: unknown;
    };
    if (![schema.type].flat().includes('object') || typeof schema.properties !== 'object') continue;
    schema.additionalProperties ??= false;
  }
  return copy;
}
