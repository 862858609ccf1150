import { describe, expect, it } from '@jest/globals';
import { FakeAuditTrail } from '../../../test/support/fakes.js';
import { FailureRecorder, type FailedAttempt } from './failure-recorder.js';

const NOON = new Date('2026-01-01T12:00:00Z');

function attempt(traits: Partial<FailedAttempt> = {}): FailedAttempt {
  return {
    clientId: 'billing',
    address: '192.0.2.1',
    requestId: 'request',
    reason: 'wrong secret',
    ...traits,
  };
}

function recorder(): { trail: FakeAuditTrail; failures: FailureRecorder } {
  const trail = new FakeAuditTrail();
  return { trail, failures: new FailureRecorder(trail) };
}

describe('failed attempts', () => {
  it('are told one by one up to twenty a minute, and then as one with a count', async () => {
    const { trail, failures } = recorder();
    for (let index = 0; index < 150; index += 1) {
      failures.note(attempt({ requestId: `request-${index}` }), NOON);
    }
    await failures.flush();
    expect(trail.failures).toHaveLength(21);
    expect(trail.failures.slice(0, 20).map(({ count }) => count)).toEqual(Array(20).fill(1));
    const folded = trail.failures[20];
    expect(folded).toMatchObject({ clientId: 'billing', address: '192.0.2.1', count: 130 });
    expect(folded?.requestIds).toHaveLength(100);
    expect(folded?.requestIds.at(-1)).toBe('request-149');
  });

  it('are told one by one again in the next minute', async () => {
    const { trail, failures } = recorder();
    for (let index = 0; index < 21; index += 1) failures.note(attempt(), NOON);
    failures.note(attempt(), new Date(NOON.getTime() + 60_000));
    await failures.flush();
    expect(trail.failures.filter(({ count }) => count === 1)).toHaveLength(22);
  });

  it('of another client or address are counted apart', async () => {
    const { trail, failures } = recorder();
    for (let index = 0; index < 20; index += 1) failures.note(attempt(), NOON);
    failures.note(attempt({ clientId: 'other' }), NOON);
    failures.note(attempt({ address: '192.0.2.2' }), NOON);
    await failures.flush();
    expect(trail.failures).toHaveLength(22);
  });

  it('of ever new clients end as one event, however many', async () => {
    const { trail, failures } = recorder();
    for (let index = 0; index < 10_000; index += 1) {
      failures.note(attempt({ clientId: `guess-${index}` }), NOON);
    }
    await failures.flush();
    expect(trail.failures).toHaveLength(2001);
    expect(trail.failures.at(-1)).toMatchObject({ clientId: null, address: null, count: 8000 });
  });

  it('are written by themselves within two seconds, and once', async () => {
    const { trail, failures } = recorder();
    failures.note(attempt());
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(trail.failures).toHaveLength(1);
    await failures.onModuleDestroy();
    expect(trail.failures).toHaveLength(1);
  });
});
