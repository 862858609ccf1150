import { ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { DomainError } from '../errors/domain-error.js';
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

  /** @throws DomainError `validation_failed` for a body, `invalid_parameter` for all else */
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // A missing body is judged as an empty one, so that the answer names the missing fields.
    const judged = metadata.type === 'body' && value === undefined ? {} : value;
    try {
      assertNoInheritedNames(judged);
      return (await super.transform(judged, metadata)) as unknown;
    } catch (error) {
      if (metadata.type === 'body' || !(error instanceof DomainError)) throw error;
      throw invalidParameter(error.context.errors ?? []);
    }
  }
}

/**
 * Refuses properties named as what every object inherits (`constructor`, `__proto__`, …): the
 * transformation to a class passes over them, so the validator never sees that they are unknown.
 */
function assertNoInheritedNames(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const inherited = Object.keys(value).filter((name) => name in Object.prototype);
  if (inherited.length === 0) return;
  throw faulty(inherited.map((name) => ({ pointer: `/${name}`, detail: UNKNOWN })));
}

function faulty(errors: readonly FieldError[]): DomainError {
  return new DomainError('validation_failed', 'The body has faults: see errors.', { errors });
}

function invalidParameter(errors: readonly FieldError[]): DomainError {
  const faults = errors.map(({ pointer, detail }) => `${pointer.slice(1)}: ${detail}`);
  return new DomainError('invalid_parameter', `Wrong parameter: ${faults.join('; ')}.`);
}

function fieldErrors(error: ValidationError, parent: string): FieldError[] {
  const pointer = `${parent}/${error.property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const own = Object.entries(error.constraints ?? {}).map(([constraint, message]) => ({
    pointer,
    detail: constraint === 'whitelistValidation' ? UNKNOWN : message,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, pointer))];
}
