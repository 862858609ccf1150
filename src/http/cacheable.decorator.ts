import { createHash } from 'node:crypto';
import {
  applyDecorators,
  Header,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { map, type Observable } from 'rxjs';

/**
 * Lets whoever asks keep the answer of a handler for some seconds, and ask afterwards whether it is
 * still the same (RFC 9110 §8.8.3, §13.1.2): 304 then. For a document that is the same for everyone.
 *
 * @param seconds `max-age` (RFC 9111 §5.2.2.1)
 */
export function Cacheable(seconds: number): MethodDecorator {
  return applyDecorators(
    Header('Cache-Control', `public, max-age=${seconds}`),
    UseInterceptors(EntityTagInterceptor),
  );
}

class EntityTagInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const [request, response] = [http.getRequest<Request>(), http.getResponse<Response>()];
    return next.handle().pipe(
      map((document: unknown) => {
        const digest = createHash('sha256').update(JSON.stringify(document)).digest('base64url');
        const tag = `"${digest.slice(0, 22)}"`;
        response.setHeader('ETag', tag);
        if (!has(request.headers['if-none-match'], tag)) return document;
        response.status(304);
        return undefined;
      }),
    );
  }
}

/**
 * Whether a caller has the document of a tag (RFC 9110 §13.1.2). Express's own answer would be no for
 * all who send `Cache-Control: no-cache` beside it, as `fetch` does.
 */
function has(ifNoneMatch: string | undefined, tag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((entry) => entry.trim().replace(/^W\//, ''));
  return tags.includes(tag) || tags.includes('*');
}
