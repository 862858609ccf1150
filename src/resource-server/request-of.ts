import type { ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/**
 * The request that a guard is asked about. `switchToHttp()` says the same, and makes three functions
 * for it: with two guards, a fiftieth of a guarded request.
 */
export function requestOf(context: Pick<ExecutionContext, 'getArgByIndex'>): Request {
  return context.getArgByIndex<Request>(0);
}
