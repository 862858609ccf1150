import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { DomainError } from '../errors/domain-error.js';
import { mediaType } from '../protocol/media-type.js';
import { KnownAccessRules } from '../resource-server/access-rule.js';
import { requestOf } from '../resource-server/request-of.js';
import { readBody } from './read-body.js';

/** In bytes. */
const LIMIT = 64 * 1024;
/** No body of an API is as deep; validation walks it by recursion. */
const MOST_LEVELS = 32;
const JSON_TYPES = ['application/json', 'application/merge-patch+json'];
const METHODS_WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

/**
 * Reads and parses the JSON body of a request into `request.body`. It is a guard, and registered
 * after the one for scopes, because guards alone run before pipes and after one another: who may
 * not call gets 401 or 403 before a byte of the body is looked at.
 *
 * The OAuth endpoints have bodies of another type and read them by themselves.
 */
@Injectable()
export class JsonBodyGuard implements CanActivate {
  private readonly rules: KnownAccessRules;

  constructor(reflector: Reflector) {
    this.rules = new KnownAccessRules(reflector);
  }

  /**
   * @throws DomainError `unsupported_media_type`, `payload_too_large`, or `malformed_json` for what
   *   is not JSON in UTF-8
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = requestOf(context);
    if (!METHODS_WITH_BODY.has(request.method) || !hasBody(request)) return true;
    return this.rules.of(context)?.kind === 'client' ? true : this.read(request);
  }

  private async read(request: Request): Promise<boolean> {
    assertJson(request);
    request.body = parsed(await readBody(request, LIMIT));
    return true;
  }
}

function hasBody(request: Request): boolean {
  return (
    request.headers['transfer-encoding'] !== undefined ||
    Number(request.headers['content-length'] ?? 0) > 0
  );
}

function assertJson(request: Request): void {
  const type = mediaType(request.headers['content-type']);
  if (
    JSON_TYPES.includes(type) &&
    (request.headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity'
  )
    return;
  throw new DomainError(
    'unsupported_media_type',
    'Send the body as application/json, without a Content-Encoding.',
  );
}

function parsed(body: Buffer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new DomainError('malformed_json', 'The body does not parse as JSON in UTF-8.');
  }
  if (isDeeperThan(MOST_LEVELS, value)) {
    throw new DomainError('malformed_json', `The JSON has more than ${MOST_LEVELS} levels.`);
  }
  return value;
}

/** Level by level, not by recursion: what is asked is whether recursion would be safe. */
function isDeeperThan(levels: number, value: unknown): boolean {
  let level = [value];
  for (let depth = 0; depth <= levels; depth += 1) {
    level = level
      .filter((item): item is object => typeof item === 'object' && item !== null)
      .flatMap((item) => Object.values(item) as unknown[]);
    if (level.length === 0) return false;
  }
  return true;
}
