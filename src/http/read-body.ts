// The global one is a getter, and this is asked for at every request.
import { Buffer } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { DomainError } from '../errors/domain-error.js';

/**
 * Reads the body of a request, up to a limit that is looked at before and while reading.
 *
 * @param limit in bytes; one more is refused
 * @throws DomainError `payload_too_large` past the limit, `invalid_request` where the caller hung
 *   up before the end
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    return Promise.reject(tooLarge(limit));
  }
  // A request that says of no body, from Node 24 on: nothing will come of it, not even an end.
  if (request.readableEnded) return Promise.resolve(Buffer.alloc(0));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > limit) reject(tooLarge(limit));
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(joined(chunks)));
    request.on('error', (cause) => reject(cutShort(cause)));
    request.on('close', () => {
      // After the end too: an error made for nobody would cost as much as the rest of the reading.
      if (!request.complete) reject(cutShort());
    });
  });
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [first, second] = chunks;
  return first !== undefined && second === undefined ? first : Buffer.concat(chunks);
}

function tooLarge(limit: number): DomainError {
  // Node reads the rest and throws it away, so that a caller who is still sending gets to see this.
  return new DomainError('payload_too_large', `The body may have ${limit} bytes at most.`);
}

function cutShort(cause?: Error): DomainError {
  return new DomainError('invalid_request', 'The body was cut short.', { cause });
}
