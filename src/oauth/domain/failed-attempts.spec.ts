import { describe, expect, it } from '@jest/globals';
import { secretDigest } from '../../secrets/digests.js';
import { FailedAttempts } from './failed-attempts.js';

const MINUTE = 60_000;
const ADDRESS = '192.0.2.1';

/** Notes wrong secrets, all at one time; gives the answer to the last. */
function note(
  attempts: FailedAttempts,
  secrets: readonly (string | number)[],
  { address = ADDRESS, clientId = 'billing', now = 0 } = {},
): number | undefined {
  return secrets
    .map((secret) => attempts.note(address, clientId, secretDigest(String(secret)), now))
    .at(-1);
}

const different = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('wrong secrets', () => {
  it('are answered as such ten times, and the eleventh different one is held off', () => {
    const attempts = new FailedAttempts();
    const answers = different(12).map((secret) => note(attempts, [secret]));
    expect(answers).toEqual([...Array<undefined>(10), 300, 300]);
  });

  it('that repeat count once, for ever', () => {
    const attempts = new FailedAttempts();
    expect(note(attempts, Array(1000).fill('stale'))).toBeUndefined();
    expect(note(attempts, different(9))).toBeUndefined();
    expect(note(attempts, ['eleventh'])).toBe(300);
  });

  it('that repeat are answered as such after ten others too', () => {
    const attempts = new FailedAttempts();
    note(attempts, ['stale', ...different(20)]);
    expect(note(attempts, ['stale'])).toBeUndefined();
    expect(note(attempts, [0])).toBeUndefined();
    expect(note(attempts, ['another'])).toBe(300);
  });

  it('that repeat are remembered from the last time on, not the first', () => {
    const attempts = new FailedAttempts();
    note(attempts, ['stale'], { now: 0 });
    note(attempts, different(9), { now: MINUTE });
    note(attempts, ['stale'], { now: 4 * MINUTE });
    expect(note(attempts, ['x'], { now: 5.5 * MINUTE })).toBe(30);
    expect(note(attempts, ['stale'], { now: 5.5 * MINUTE })).toBeUndefined();
  });

  it('that are held off are not remembered: they count when they come later', () => {
    const attempts = new FailedAttempts();
    note(attempts, different(10));
    expect(note(attempts, ['a', 'a', 'a'])).toBe(300);
  });

  it('are forgotten after five minutes, to the millisecond', () => {
    const attempts = new FailedAttempts();
    note(attempts, different(10));
    expect(note(attempts, ['late'], { now: 5 * MINUTE - 1 })).toBe(0.001);
    expect(note(attempts, ['late'], { now: 5 * MINUTE })).toBeUndefined();
  });

  it('are forgotten one by one, and the wait told is that for the oldest', () => {
    const attempts = new FailedAttempts();
    for (const minute of different(10)) note(attempts, [minute], { now: (minute * MINUTE) / 3 });
    expect(note(attempts, ['late'], { now: 4 * MINUTE })).toBe(60);
    expect(note(attempts, ['late'], { now: 5 * MINUTE })).toBeUndefined();
    expect(note(attempts, ['later'], { now: 5 * MINUTE })).toBe(20);
  });
});

describe('the count', () => {
  it('is of one address and one client id', () => {
    const attempts = new FailedAttempts();
    note(attempts, different(10));
    expect(note(attempts, ['x'], { address: '192.0.2.2' })).toBeUndefined();
    expect(note(attempts, ['x'], { clientId: 'Billing' })).toBeUndefined();
    expect(note(attempts, ['x'], { clientId: '' })).toBeUndefined();
    expect(note(attempts, ['x'])).toBe(300);
  });

  it('is of all the spellings of an address', () => {
    const attempts = new FailedAttempts();
    note(attempts, different(10));
    expect(note(attempts, ['x'], { address: '::ffff:192.0.2.1' })).toBe(300);
  });

  it('is of an IPv6 /64 as a whole, and not of its neighbour', () => {
    const attempts = new FailedAttempts();
    for (const host of different(10)) note(attempts, [host], { address: `2001:db8:0:1::${host}` });
    expect(note(attempts, ['x'], { address: '2001:db8:0:1:ffff:ffff:ffff:ffff' })).toBe(300);
    expect(note(attempts, ['x'], { address: '2001:db8:0:2::1' })).toBeUndefined();
  });

  it('takes no more memory after a hundred thousand pairs than after twenty thousand', () => {
    const attempts = new FailedAttempts();
    note(attempts, different(10));
    const ids = different(100_000).map((number) => `client-${number}`);
    for (const clientId of ids) note(attempts, [clientId], { clientId });
    // The least recently seen pair went first …
    expect(note(attempts, ['x'])).toBeUndefined();
    // … and of the others the last 20,000 are left: of those alone a repeat leaves room for nine more.
    const isRemembered = (clientId: string): boolean =>
      note(attempts, different(9), { clientId }) === undefined &&
      note(attempts, ['tenth'], { clientId }) !== undefined;
    expect(isRemembered('client-99999')).toBe(true);
    expect(isRemembered('client-80100')).toBe(true);
    expect(isRemembered('client-79900')).toBe(false);
    expect(isRemembered('client-0')).toBe(false);
  });

  it('goes on for a pair that is seen again and again in a spray of others', () => {
    const attempts = new FailedAttempts();
    note(attempts, different(10));
    for (const round of different(5)) {
      for (const number of different(19_000))
        note(attempts, [0], { clientId: `${round}-${number}` });
      expect(note(attempts, ['x'])).toBe(300);
    }
  });
});
