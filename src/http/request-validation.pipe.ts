import { ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { DomainError } from '../errors/domain-error.js';
import { isClientSecret } from '../protocol/misplaced-credentials.js';
import type { FieldError } from '../protocol/problem.js';

const UNKNOWN = 'is not known here';

/**
 * Checks bodies, queries and paths against their DTOs. An unknown property is refused, never
 * dropped in silence. A wrong body is 422 with a pointer to each fault, all else 400.
 */
export class RequestValidationPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      stopAtFirstError: true,
      exceptionFactory: (errors) => faulty(errors.flatMap((error) => fieldErrors(error, ''))),
    });
  }

  /**
   * @throws DomainError `validation_failed` for a body, `invalid_parameter` for all else, `not_found`
   *   for a client secret in the path
   */
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // A missing body is judged as an empty one, so that the answer names the missing fields.
    const judged = metadata.type === 'body' && value === undefined ? {} : value;
    assertNoSecretInUrl(value, metadata.type);
    try {
      assertNoInheritedNames(judged);
      if (judged === null && this.toValidate(metadata)) {
        throw faulty([{ pointer: '', detail: 'must be a JSON object' }]);
      }
      return (await super.transform(judged, metadata)) as unknown;
    } catch (error) {
      if (metadata.type === 'body' || !(error instanceof DomainError)) throw error;
      throw invalidParameter(error.context.errors ?? []);
    }
  }
}

const IS_SECRET =
  'is a client secret, which has now been in a URL: rotate it, and name the client or the secret by its id';

/** Refuses a secret in the place of an id before it is looked for, and so told to the database's log. */
function assertNoSecretInUrl(value: unknown, type: ArgumentMetadata['type']): void {
  if (type === 'param' && typeof value === 'string' && isClientSecret(value)) {
    throw new DomainError('not_found', `A part of the path ${IS_SECRET}.`);
  }
  if (type !== 'query' || typeof value !== 'object' || value === null) return;
  const secrets = Object.entries(value).filter(([, member]) =>
    [member].flat().some((one) => typeof one === 'string' && isClientSecret(one)),
  );
  if (secrets.length === 0) return;
  throw invalidParameter(
    secrets.map(([name]) => ({ pointer: `/${escaped(name)}`, detail: IS_SECRET })),
  );
}

/**
 * Refuses properties named as what every object inherits (`constructor`, `__proto__`, …): the
 * transformation to a class passes over them, so the validator never sees that they are unknown.
 */
function assertNoInheritedNames(value: unknown): void {
  const pointers = inheritedNames(value, '');
  if (pointers.length === 0) return;
  throw faulty(pointers.map((pointer) => ({ pointer, detail: UNKNOWN })));
}

/** By recursion: the body has been found shallow enough for it. */
function inheritedNames(value: unknown, parent: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => {
    const pointer = `${parent}/${escaped(name)}`;
    const own = name in Object.prototype ? [pointer] : [];
    return [...own, ...inheritedNames(member, pointer)];
  });
}

function faulty(errors: readonly FieldError[]): DomainError {
  return new DomainError('validation_failed', 'The body has faults: see errors.', { errors });
}

function invalidParameter(errors: readonly FieldError[]): DomainError {
  const faults = errors.map(({ pointer, detail }) => `${pointer.slice(1)}: ${detail}`);
  return new DomainError('invalid_parameter', `Wrong parameter: ${faults.join('; ')}.`);
}

function fieldErrors(error: ValidationError, parent: string): FieldError[] {
  const pointer = `${parent}/${escaped(error.property)}`;
  const own = Object.entries(error.constraints ?? {}).map(([constraint, message]) => ({
    pointer,
    detail: constraint === 'whitelistValidation' ? UNKNOWN : message,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, pointer))];
}

/** A name as part of a JSON pointer (RFC 6901 §3). */
function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
