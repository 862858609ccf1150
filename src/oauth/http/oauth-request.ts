import type { Request } from 'express';
import { requestIdOf } from '../../http/request-id.js';
import type { FormParameters } from '../../protocol/form-parameters.js';
import type {
  AuthenticatedClient,
  Caller,
  ShownCredentials,
} from '../domain/client-authenticator.js';

/** What the guards of an OAuth endpoint have found out about a request, one after the other. */
interface Findings {
  readonly form: FormParameters;
  /** Undefined where none were shown. */
  readonly shown: ShownCredentials | undefined;
  client?: AuthenticatedClient;
}

/** On the request itself: a WeakMap would cost as much as a guard. */
const FINDINGS = Symbol('postern:findings');

interface ReadRequest {
  [FINDINGS]?: Findings;
}

/** Notes what the form of a request says. */
export function noteForm(request: Request, findings: Findings): void {
  (request as ReadRequest)[FINDINGS] = findings;
}

/** Notes which client a request was proved to come from. */
export function noteClient(request: Request, client: AuthenticatedClient): void {
  findingsOf(request).client = client;
}

/**
 * The parameters and the shown credentials of a request.
 *
 * @throws an Error where `OAuthFormGuard` has not seen it
 */
export function findingsOf(request: Request): Findings {
  const findings = (request as ReadRequest)[FINDINGS];
  if (findings === undefined) throw new Error('OAuthFormGuard has not read this request');
  return findings;
}

/**
 * The client that a request was proved to come from.
 *
 * @throws an Error where `ClientCredentialsGuard` has not seen it
 */
export function clientOf(request: Request): AuthenticatedClient {
  const { client } = findingsOf(request);
  if (client === undefined) throw new Error('ClientCredentialsGuard has not seen this request');
  return client;
}

/** Where a request comes from, and its id. */
export function callerOf(request: Request): Caller {
  return { address: addressOf(request), requestId: requestIdOf(request) };
}

/** As `request.ip` says, which takes longer to say that it is the socket's where no proxy has named another. */
function addressOf(request: Request): string {
  const named = request.headers['x-forwarded-for'] !== undefined;
  return (named ? request.ip : request.socket.remoteAddress) ?? '';
}
