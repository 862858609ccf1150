import { describe, expect, it } from '@jest/globals';
import { aManagedClient, aManagedSecret } from '../../../test/support/managed-clients.js';
import { sameSecret, secretDigest } from '../../secrets/digests.js';
import type { DomainError } from '../../errors/domain-error.js';
import { nextSecretExpiry } from './managed-client.js';
import {
  assertAnotherWorks,
  assertFewEnough,
  assertRotation,
  drawSecret,
  endedTooMany,
  type Rotation,
} from './secret-rotation.js';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const PLAIN: Rotation = {
  expiresAt: null,
  expiresPreviousInSeconds: undefined,
  revokeTokens: false,
};

function ended(minutesAgo: number) {
  return aManagedSecret({
    key: minutesAgo,
    works: false,
    expiresAt: new Date(NOW - minutesAgo * 60_000),
  });
}

function pointersOf(rotation: Partial<Rotation>): unknown {
  try {
    assertRotation({ ...PLAIN, ...rotation }, NOW);
  } catch (error) {
    return (error as DomainError).context.errors?.map(({ pointer }) => pointer);
  }
  return [];
}

it('a drawn secret is stored by its digest and hint alone', () => {
  const { clientSecret, secret } = drawSecret(null);
  expect(sameSecret(secret.digest, secretDigest(clientSecret))).toBe(true);
  expect(secret.hint).toBe(clientSecret.slice(-4));
  expect(JSON.stringify(secret)).not.toContain(clientSecret);
});

describe('a rotation', () => {
  it.each<[Partial<Rotation>, string[]]>([
    [{}, []],
    [{ expiresPreviousInSeconds: 0 }, []],
    [{ expiresPreviousInSeconds: 31_536_000 }, []],
    [{ expiresPreviousInSeconds: 31_536_001 }, ['/expires_previous_in']],
    [{ expiresPreviousInSeconds: -1 }, ['/expires_previous_in']],
    [{ expiresPreviousInSeconds: Number.NaN }, ['/expires_previous_in']],
    [{ expiresAt: new Date(NOW + 1) }, []],
    [{ expiresAt: new Date(NOW) }, ['/expires_at']],
    [{ expiresAt: new Date(Number.NaN) }, ['/expires_at']],
    [{ revokeTokens: true, expiresPreviousInSeconds: 0 }, []],
    [{ revokeTokens: true, expiresPreviousInSeconds: 1 }, ['/revoke_tokens']],
    [{ revokeTokens: true }, ['/revoke_tokens']],
  ])('%j has faults at %j', (rotation, pointers) => {
    expect(pointersOf(rotation)).toEqual(pointers);
  });
});

describe('the number of secrets', () => {
  const five = Array.from({ length: 5 }, () => aManagedSecret());

  it('may be five that work, however many have ended', () => {
    expect(() => assertFewEnough(aManagedClient({ secrets: [...five, ended(1)] }))).not.toThrow();
    expect(() => assertFewEnough(aManagedClient({ secrets: [...five, aManagedSecret()] }))).toThrow(
      'most',
    );
  });

  it.each([
    ['the only one', true, []],
    ['the only one that works', true, [ended(1)]],
    ['one of two', false, [aManagedSecret()]],
  ])('%s: to delete it is refused: %s', (_which, refused, others) => {
    const secret = aManagedSecret();
    const act = () => assertAnotherWorks(aManagedClient({ secrets: [...others, secret] }), secret);
    if (refused) expect(act).toThrow('last working secret');
    else expect(act).not.toThrow();
  });

  it('an ended one can always be deleted', () => {
    const secret = ended(1);
    expect(() => assertAnotherWorks(aManagedClient({ secrets: [secret] }), secret)).not.toThrow();
  });

  it('of ended ones kept is ten: those that ended last', () => {
    const secrets = [12, 3, 1, 7, 11, 2, 9, 5, 4, 10, 8, 6].map(ended);
    const client = aManagedClient({ secrets: [aManagedSecret({ key: 99 }), ...secrets] });
    expect(endedTooMany(client).map(({ key }) => key)).toEqual([11, 12]);
  });
});

it('the next expiry is the nearest of those that work', () => {
  const soon = new Date(NOW + 1000);
  const later = aManagedSecret({ expiresAt: new Date(NOW + 2000) });
  const secrets = [ended(1), later, aManagedSecret({ expiresAt: soon }), aManagedSecret()];
  expect(nextSecretExpiry({ secrets })).toEqual(soon);
  expect(nextSecretExpiry({ secrets: [ended(1), aManagedSecret()] })).toBeNull();
});
