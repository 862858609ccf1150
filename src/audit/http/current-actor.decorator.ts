import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { callerOf } from '../../resource-server/index.js';
import type { Actor } from '../domain/audit-event.js';

/**
 * Who calls a guarded handler, for the audit trail: the client, its address and the request's id.
 *
 * @throws an Error on a handler that no token guards
 */
export const CurrentActor = createParamDecorator(
  (_data: unknown, context: ExecutionContext): Actor => {
    const request = context.switchToHttp().getRequest<Request & { readonly id?: unknown }>();
    const { clientId } = callerOf(context);
    const requestId = typeof request.id === 'string' ? request.id : null;
    return { name: clientId, address: request.ip ?? null, requestId };
  },
);
