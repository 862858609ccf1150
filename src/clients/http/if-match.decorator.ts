import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { ExpectedVersions } from '../domain/clients.service.js';

const ENTITY_TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;
const VERSION = /^[1-9]\d{0,8}$/;

/** The entity tag of a version: a strong one (RFC 9110 §8.8.3). */
export function entityTag(version: number): string {
  return `"${version}"`;
}

/**
 * The versions that an `If-Match` header names (RFC 9110 §13.1.1). Only strong tags are compared, so
 * that a weak one names none; no more does what is no tag at all, such as a number without quotes.
 *
 * @returns undefined for `*`, and where there is no header: any version will do
 */
export function parseIfMatch(header: string | undefined): ExpectedVersions {
  if (header === undefined || header.trim() === '*') return undefined;
  return [...header.matchAll(ENTITY_TAG)].flatMap(([, weak, tag = '']) =>
    weak === undefined && VERSION.test(tag) ? [Number(tag)] : [],
  );
}

/** The versions that the `If-Match` header of a request names. */
export const IfMatch = createParamDecorator(
  (_data: unknown, context: ExecutionContext): ExpectedVersions =>
    parseIfMatch(context.switchToHttp().getRequest<Request>().headers['if-match']),
);
