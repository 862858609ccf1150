import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { readBody } from '../../http/read-body.js';
import { parseBasicCredentials } from '../../protocol/basic-credentials.js';
import { hasQueryParameter, singleAuthorization } from '../../protocol/bearer-token.js';
import { parseFormParameters, type FormParameters } from '../../protocol/form-parameters.js';
import { MalformedRequestError } from '../../protocol/malformed-request.js';
import { mediaType } from '../../protocol/media-type.js';
import { requestOf } from '../../resource-server/request-of.js';
import type { ShownCredentials } from '../domain/client-authenticator.js';
import { noteForm } from './oauth-request.js';

/** In bytes. */
const LIMIT = 16 * 1024;
const FORM = 'application/x-www-form-urlencoded';
/** RFC 8707 §2; `audience` is what others call the same. */
const REPEATABLE: ReadonlySet<string> = new Set(['resource', 'audience']);

/**
 * Reads a request to an OAuth endpoint, and refuses what its form alone shows to be wrong, before
 * anything is said about a client (RFC 6749 §2.3, §3.2).
 */
@Injectable()
export class OAuthFormGuard implements CanActivate {
  /**
   * @throws DomainError `payload_too_large`
   * @throws MalformedRequestError (`invalid_request`) with a sentence that says what to do
   */
  canActivate(context: ExecutionContext): Promise<true> {
    const request = requestOf(context);
    return readBody(request, LIMIT).then((body) => this.read(request, body));
  }

  private read(request: Request, body: Buffer): true {
    assertForm(request, body);
    assertNoCredentialsInQuery(request);
    const form = parseFormParameters(body, REPEATABLE);
    noteForm(request, { form, shown: shownCredentials(request, form) });
    return true;
  }
}

function assertForm(request: Request, body: Buffer): void {
  if ((request.headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    throw new MalformedRequestError('Send the body as it is, without a Content-Encoding.');
  }
  const type = mediaType(request.headers['content-type']);
  if (type !== FORM) {
    throw new MalformedRequestError(
      `Send the parameters as a form, with Content-Type: ${FORM}${instead(type)}.`,
    );
  }
  if (body.length === 0) {
    throw new MalformedRequestError(`The body is empty. Send the parameters in it, as ${FORM}.`);
  }
}

function instead(type: string): string {
  if (type.endsWith('json')) return ' (this body is JSON)';
  return type === 'multipart/form-data' ? ' (this body is multipart; curl needs -d, not -F)' : '';
}

function assertNoCredentialsInQuery({ url }: Request): void {
  if (!hasQueryParameter(url, 'client_secret') && !hasQueryParameter(url, 'client_id')) return;
  throw new MalformedRequestError(
    'The credentials stand in the query, where logs keep them. Send them in the body or the Authorization header, and change the secret.',
  );
}

/**
 * Finds the credentials of a request: in the header or in the body, in one of them alone
 * (RFC 6749 §2.3).
 */
function shownCredentials(request: Request, form: FormParameters): ShownCredentials | undefined {
  const clientId = form.get('client_id');
  const clientSecret = form.get('client_secret');
  const readings = parseBasicCredentials(singleAuthorization(request.rawHeaders) ?? '');
  if (readings === undefined) {
    return clientId === undefined || clientSecret === undefined
      ? undefined
      : { readings: [{ clientId, clientSecret }], method: 'client_secret_post' };
  }
  if (clientSecret !== undefined) {
    throw new MalformedRequestError(
      'The client secret was sent twice, in the Authorization header and in the body. Send it in one of them.',
    );
  }
  if (clientId !== undefined && !readings.some((reading) => reading.clientId === clientId)) {
    throw new MalformedRequestError(
      'The body names another client than the Authorization header. Send client_id in one of them.',
    );
  }
  return { readings, method: 'client_secret_basic' };
}
