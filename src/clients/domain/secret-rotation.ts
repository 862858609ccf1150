import { randomUUID } from 'node:crypto';
import { DomainError } from '../../errors/domain-error.js';
import type { FieldError } from '../../protocol/problem.js';
import { secretDigest } from '../../secrets/digests.js';
import { MOST_SECRETS } from './client.js';
import { invalid } from './client-change.js';
import { generateClientSecret, secretHint } from './client-secret.js';
import type { ManagedClient, ManagedSecret } from './managed-client.js';
import type { NewSecret } from './managed-clients.repository.js';

/** How a client is to get a new secret, and what becomes of those that it has. */
export interface Rotation {
  /** When the new one ends; null: never. */
  readonly expiresAt: Date | null;
  /** When those before it end, in seconds from now; 0: now; undefined: as they would have. */
  readonly expiresPreviousInSeconds: number | undefined;
  /** Whether the tokens got with those that end now die too, as after a leak. */
  readonly revokeTokens: boolean;
}

/** A year: who needs longer leaves them as they are. */
export const LONGEST_OVERLAP_SECONDS = 31_536_000;
/** Ended secrets are kept so that the reason of a refusal can name them; not without end. */
const MOST_ENDED = 10;

/** Draws a secret: in clear for the one answer, and as it is stored. */
export function drawSecret(expiresAt: Date | null): {
  readonly clientSecret: string;
  readonly secret: NewSecret;
} {
  const clientSecret = generateClientSecret();
  const digest = secretDigest(clientSecret);
  const hint = secretHint(clientSecret);
  return { clientSecret, secret: { secretId: randomUUID(), digest, hint, expiresAt } };
}

/** @throws DomainError `validation_failed` with a pointer to each fault */
export function assertRotation(
  { expiresAt, expiresPreviousInSeconds: seconds, revokeTokens }: Rotation,
  now = Date.now(),
): void {
  const errors: FieldError[] = [];
  if (expiresAt !== null && !(expiresAt.getTime() > now)) {
    errors.push({ pointer: '/expires_at', detail: 'must be in the future' });
  }
  if (seconds !== undefined && !isOverlap(seconds)) {
    errors.push({ pointer: '/expires_previous_in', detail: OVERLAP_DETAIL });
  }
  if (revokeTokens && seconds !== 0) {
    // Nothing ends now, so no token would die: who asks for this after a leak must not be told 201.
    errors.push({
      pointer: '/revoke_tokens',
      detail: 'kills the tokens of secrets that stop now: send expires_previous_in 0 with it',
    });
  }
  if (errors.length > 0) throw invalid(errors);
}

export const OVERLAP_DETAIL = `must be a whole number of seconds from 0 to ${LONGEST_OVERLAP_SECONDS}`;

/** Whether a value can be the seconds for which earlier secrets go on working. */
export function isOverlap(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= LONGEST_OVERLAP_SECONDS;
}

/** The secrets of a client that work. */
export function workingSecrets({ secrets }: ManagedClient): ManagedSecret[] {
  return secrets.filter(({ works }) => works);
}

/**
 * @param after the client with its new secret
 * @throws DomainError `conflict` where more secrets work than may
 */
export function assertFewEnough(after: ManagedClient): void {
  if (workingSecrets(after).length <= MOST_SECRETS) return;
  throw new DomainError(
    'conflict',
    `This client has ${MOST_SECRETS} working secrets, which is the most. Delete one that is no longer used, or send expires_previous_in 0.`,
  );
}

/**
 * @throws DomainError `conflict` where a secret is the only one of its client that works
 */
export function assertAnotherWorks(client: ManagedClient, secret: ManagedSecret): void {
  const working = workingSecrets(client);
  if (!secret.works || working.length > 1) return;
  throw new DomainError(
    'conflict',
    'This is the last working secret of the client. If it leaked, disable the client, or rotate with expires_previous_in 0; else make another one first.',
  );
}

/** The ended secrets that are too many to be kept: those that ended first. */
export function endedTooMany({ secrets }: ManagedClient): ManagedSecret[] {
  const ended = secrets.filter(({ works }) => !works);
  return ended.toSorted((one, other) => endOf(other) - endOf(one)).slice(MOST_ENDED);
}

function endOf({ expiresAt }: ManagedSecret): number {
  return expiresAt?.getTime() ?? Infinity;
}
