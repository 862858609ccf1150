import { Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import {
  hasEnded,
  MOST_COMPARED,
  type Client,
  type ClientSecret,
  type TokenEndpointAuthMethod,
} from '../../clients/domain/client.js';
import { KnownClients } from '../../clients/domain/known-clients.js';
import { FailureRecorder } from '../../audit/domain/failure-recorder.js';
import { DomainError } from '../../errors/domain-error.js';
import type { PresentedCredentials } from '../../protocol/basic-credentials.js';
import { withheld } from '../../protocol/misplaced-credentials.js';
import type { Awaitable } from '../../resource-server/index.js';
import { sameSecret, secretDigest, type SecretDigest } from '../../secrets/digests.js';
import { FailedAttempts } from './failed-attempts.js';
import { isWithin } from './network-address.js';

/** What a caller shows to be taken for a client (RFC 6749 §2.3). */
export interface ShownCredentials {
  /** The readings of what was sent, to be tried in turn as one attempt; never empty. */
  readonly readings: readonly PresentedCredentials[];
  readonly method: TokenEndpointAuthMethod;
}

/** Where an attempt comes from. */
export interface Caller {
  readonly address: string;
  readonly requestId: string;
}

/** A client that proved to be itself, with the secret that it used. */
export interface AuthenticatedClient {
  readonly client: Client;
  readonly secret: ClientSecret;
  /**
   * Authenticates it once more, by what the store says now. Whoever means to refuse it something
   * has to do so first: what this node knew may be a moment old. Undefined where it was read for
   * this very request.
   */
  readonly again?: () => Promise<AuthenticatedClient>;
}

type Verdict = AuthenticatedClient | { readonly refused: string };

/** What is compared where there is no secret to compare with. */
const DUMMY = secretDigest('');

/** What people leave in when they copy an example. It can be told by looking at the request alone. */
const PLACEHOLDER = /^(<.*>|\{.*\}|\$.*|your[_-].*)$/i;
/** None is longer; and nothing that a caller can make long is to be matched whole. */
const LONGEST_PLACEHOLDER = 100;

const AUTHENTICATION_FAILURES = new Counter({
  name: 'postern_authentication_failures_total',
  help: 'Failed attempts of clients to authenticate, whatever the cause',
});

/** Authenticates clients by their secrets (RFC 6749 §2.3.1). */
@Injectable()
export class ClientAuthenticator {
  constructor(
    private readonly clients: KnownClients,
    private readonly failedAttempts: FailedAttempts,
    private readonly failures: FailureRecorder,
  ) {}

  /**
   * Proves that a caller is the client that it names. A client that this node knows is let in at
   * once; a refusal is by what the store says now. Whatever its cause, the answer is the same and
   * takes the same work; the true reason goes into the error, for the log.
   *
   * @param caller where the request comes from, and its id
   * @throws DomainError `invalid_client`; `too_many_attempts` in its place past ten different wrong
   *   secrets; what the store throws when it is out of reach
   */
  authenticate(shown: ShownCredentials, caller: Caller): Awaitable<AuthenticatedClient> {
    for (const reading of shown.readings) {
      const known = this.clients.find(reading.clientId);
      const verdict = judge(known, reading, shown.method, caller.address);
      if ('refused' in verdict) continue;
      const { client, secret } = verdict;
      // Not by spreading it: V8 gives an object that is spread and added to a shape of its own.
      return { client, secret, again: () => this.afresh(shown, caller) };
    }
    return this.afresh(shown, caller);
  }

  private async afresh(shown: ShownCredentials, caller: Caller): Promise<AuthenticatedClient> {
    const reasons: string[] = [];
    for (const reading of shown.readings) {
      const client = await this.clients.read(reading.clientId);
      const verdict = judge(client, reading, shown.method, caller.address);
      if ('client' in verdict) return verdict;
      reasons.push(verdict.refused);
    }
    throw this.refusal(shown, caller, reasons.join('; '));
  }

  private refusal(shown: ShownCredentials, caller: Caller, reason: string): DomainError {
    const [first] = shown.readings;
    const { clientId = '', clientSecret = '' } = first ?? {};
    // A copy: a piece of the text would keep the whole body alive that it was cut from.
    // Id and secret are easily swapped, and what is named goes to the log and the audit trail.
    const named = Buffer.from(withheld(clientId.slice(0, 128))).toString();
    AUTHENTICATION_FAILURES.inc();
    this.failures.note({ ...caller, clientId: named, reason });
    const told = `${reason} (client_id ${JSON.stringify(named)})`;
    const wait = this.failedAttempts.note(caller.address, clientId, secretDigest(clientSecret));
    if (wait === undefined) return new DomainError('invalid_client', hint(shown), { reason: told });
    return new DomainError(
      'too_many_attempts',
      'Too many different wrong secrets were tried for this client. The right one is accepted at once.',
      { reason: told, retryAfterSeconds: wait },
    );
  }
}

function judge(
  client: Client | undefined,
  { clientSecret }: PresentedCredentials,
  method: TokenEndpointAuthMethod,
  address: string,
): Verdict {
  const secret = matching(client?.secrets ?? [], secretDigest(clientSecret));
  if (client === undefined) return { refused: 'unknown client' };
  if (secret === undefined) return { refused: 'wrong secret' };
  if (hasEnded(secret)) {
    return { refused: `secret …${secret.hint} expired at ${secret.expiresAt?.toISOString()}` };
  }
  if (!client.enabled) return { refused: 'client is disabled' };
  const only = client.tokenEndpointAuthMethod;
  if (only !== null && only !== method) return { refused: `client may only use ${only}` };
  if (client.allowedIps.length > 0 && !isWithin(address, client.allowedIps)) {
    return { refused: `address ${address} is not allowed` };
  }
  return { client, secret };
}

/**
 * Finds the secret that a digest belongs to. It always makes the same number of comparisons, so
 * that the time tells neither how many secrets a client has nor whether it exists. One that still
 * works is preferred to the same one expired.
 */
function matching(
  secrets: readonly ClientSecret[],
  digest: SecretDigest,
): ClientSecret | undefined {
  let found: ClientSecret | undefined;
  for (let index = 0; index < Math.max(MOST_COMPARED, secrets.length); index += 1) {
    const secret = secrets[index];
    const same = sameSecret(secret?.digest ?? DUMMY, digest);
    if (same && secret !== undefined && (found === undefined || hasEnded(found))) found = secret;
  }
  return found;
}

function hint({ readings }: ShownCredentials): string {
  const placeholder = readings
    .flatMap(({ clientId, clientSecret }) => [clientId, clientSecret])
    .some((text) => text.length <= LONGEST_PLACEHOLDER && PLACEHOLDER.test(text));
  return placeholder
    ? 'Client authentication failed. The credentials look like the placeholder of an example: put your own client id and secret there.'
    : 'Client authentication failed. Check the client id and the secret, or ask an administrator and name this request.';
}
