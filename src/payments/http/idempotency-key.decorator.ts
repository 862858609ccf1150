import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { DomainError } from '../../errors/domain-error.js';

/** As the request has it, for the OpenAPI document. */
export const IDEMPOTENCY_KEY = 'Idempotency-Key';

const PRINTABLE_ASCII = /^[\x20-\x7e]{1,255}$/;

/**
 * The `Idempotency-Key` header of a request, undefined where there is none.
 *
 * The draft makes it a quoted string (draft-ietf-httpapi-idempotency-key-header §2.1); most clients
 * send it bare. Both are taken as they stand, quotes included: a key only has to equal itself.
 *
 * @throws DomainError `invalid_parameter` for one that is empty, too long, not printable ASCII, or
 *   there twice
 */
export const IdempotencyKey = createParamDecorator(
  (_data: unknown, context: ExecutionContext): string | undefined => {
    const request = context.switchToHttp().getRequest<Request>();
    // Not `headers`: that joins two of them into one, which would pass for a third key.
    const values = request.headersDistinct[IDEMPOTENCY_KEY.toLowerCase()];
    if (values === undefined) return undefined;
    const [key = '', ...more] = values;
    if (more.length === 0 && PRINTABLE_ASCII.test(key)) return key;
    throw new DomainError(
      'invalid_parameter',
      `Wrong parameter: ${IDEMPOTENCY_KEY}: must be one header of 1 to 255 printable ASCII characters.`,
    );
  },
);
