import { applyDecorators, Header, HttpCode, type Type } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiResponse } from '@nestjs/swagger';
import { OAuthErrorDto } from './dto/token.dto.js';

/**
 * What the OAuth endpoints have in common: a form in, 200 out, nothing to be stored (RFC 6749 §5.1),
 * and errors in the form of RFC 6749 §5.2.
 *
 * @param body the form, as the document describes it
 * @param errors what each status means here, beside those that all have
 */
export function OAuthEndpoint(
  body: Type,
  errors: Readonly<Record<number, string>>,
): MethodDecorator {
  const told = { ...COMMON_ERRORS, ...errors };
  return applyDecorators(
    HttpCode(200),
    Header('Cache-Control', 'no-store'),
    Header('Pragma', 'no-cache'),
    ApiConsumes('application/x-www-form-urlencoded'),
    ApiBody({ type: body }),
    ...Object.entries(told).map(([status, description]) =>
      ApiResponse({ status: Number(status), description, type: OAuthErrorDto }),
    ),
  );
}

const COMMON_ERRORS = {
  401: 'The client could not be authenticated.',
  405: 'Another method than POST.',
  413: 'The body is over 16 KiB.',
};
