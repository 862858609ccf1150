import { ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { DomainError } from '../errors/domain-error.js';
import type { FieldError } from '../protocol/problem.js';

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
      exceptionFactory: (errors) =>
        new DomainError('validation_failed', 'The body has faults: see errors.', {
          errors: errors.flatMap((error) => fieldErrors(error, '')),
        }),
    });
  }

  /** @throws DomainError `validation_failed` for a body, `invalid_parameter` for all else */
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // A missing body is judged as an empty one, so that the answer names the missing fields.
    const judged = metadata.type === 'body' && value === undefined ? {} : value;
    try {
      return (await super.transform(judged, metadata)) as unknown;
    } catch (error) {
      if (metadata.type === 'body' || !(error instanceof DomainError)) throw error;
      throw invalidParameter(error.context.errors ?? []);
    }
  }
}

function invalidParameter(errors: readonly FieldError[]): DomainError {
  const faults = errors.map(({ pointer, detail }) => `${pointer.slice(1)}: ${detail}`);
  return new DomainError('invalid_parameter', `Wrong parameter: ${faults.join('; ')}.`);
}

function fieldErrors(error: ValidationError, parent: string): FieldError[] {
  const pointer = `${parent}/${error.property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  const own = Object.entries(error.constraints ?? {}).map(([constraint, message]) => ({
    pointer,
    detail: constraint === 'whitelistValidation' ? 'is not known here' : message,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => fieldErrors(child, pointer))];
}
