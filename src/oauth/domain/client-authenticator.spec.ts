import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import {
  aDomainClient,
  aSecret,
  FakeAuditTrail,
  FakeClientsRepository,
  knownClients,
} from '../../../test/support/fakes.js';
import type { Client } from '../../clients/domain/client.js';
import { DomainError } from '../../errors/domain-error.js';
import type { PresentedCredentials } from '../../protocol/basic-credentials.js';
import { isPending, type Awaitable } from '../../resource-server/token-verifier.js';
import {
  ClientAuthenticator,
  type AuthenticatedClient,
  type Caller,
  type ShownCredentials,
} from './client-authenticator.js';
import { FailureRecorder } from '../../audit/domain/failure-recorder.js';
import { FailedAttempts } from './failed-attempts.js';

const CALLER: Caller = { address: '192.0.2.1', requestId: 'request-1' };

function authenticatorOf(...clients: Client[]): ClientAuthenticator {
  return new ClientAuthenticator(
    knownClients(new FakeClientsRepository(clients)),
    new FailedAttempts(),
    new FailureRecorder(new FakeAuditTrail()),
  );
}

function shown(
  clientSecret = 'right',
  traits: Partial<ShownCredentials & { clientId: string }> = {},
): ShownCredentials {
  const { clientId = 'billing', readings, method = 'client_secret_basic' } = traits;
  return { readings: readings ?? [{ clientId, clientSecret }], method };
}

async function refusal(attempt: Awaitable<AuthenticatedClient>): Promise<DomainError> {
  const outcome = await Promise.resolve(attempt).catch((error: unknown) => error);
  if (outcome instanceof DomainError) return outcome;
  throw new Error('it was not refused', { cause: outcome });
}

describe('a client', () => {
  it('is let in with its secret, which is told', async () => {
    const client = aDomainClient({
      secrets: [aSecret('other', { key: 1 }), aSecret('right', { key: 2 })],
    });
    const found = await authenticatorOf(client).authenticate(shown(), CALLER);
    expect(found.client).toBe(client);
    expect(found.secret.key).toBe(2);
  });

  it('has to wait for nothing once this node knows it', async () => {
    const authenticator = authenticatorOf(aDomainClient({ secrets: [aSecret('right')] }));
    expect(isPending(authenticator.authenticate(shown(), CALLER))).toBe(true);
    // Until the invalidation log is read, which begins with the second, nothing known is believed.
    for (let time = 0; time < 3; time += 1) {
      await authenticator.authenticate(shown(), CALLER);
      await nextTurn();
    }
    expect(isPending(authenticator.authenticate(shown(), CALLER))).toBe(false);
  });

  it('may have more secrets than work at a time', async () => {
    const secrets = ['1', '2', '3', '4', '5', '6', 'right'].map((secret) => aSecret(secret));
    const found = authenticatorOf(aDomainClient({ secrets })).authenticate(shown(), CALLER);
    expect((await found).secret).toBe(secrets[6]);
  });

  it('whose secret is there twice, once expired, is let in with the one that works', async () => {
    const works = aSecret('right', { key: 2 });
    const over = aSecret('right', { key: 1, endsInSeconds: -1 });
    for (const secrets of [
      [works, over],
      [over, works],
    ]) {
      const found = await authenticatorOf(aDomainClient({ secrets })).authenticate(shown(), CALLER);
      expect(found.secret).toBe(works);
    }
  });

  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    'set to %s is let in by it, as one that is set to none',
    async (method) => {
      for (const only of [method, null]) {
        const authenticator = authenticatorOf(aDomainClient({ tokenEndpointAuthMethod: only }));
        await expect(
          authenticator.authenticate(shown('right', { method }), CALLER),
        ).resolves.toBeDefined();
      }
    },
  );

  it.each(['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::1'])(
    'with allowed addresses is let in from %s',
    async (address) => {
      const client = aDomainClient({ allowedIps: ['10.0.0.0/8', '2001:db8::/32'] });
      await expect(
        authenticatorOf(client).authenticate(shown(), { ...CALLER, address }),
      ).resolves.toBeDefined();
    },
  );

  it('is let in by its second reading, as one attempt', async () => {
    const clients = new FakeClientsRepository([
      aDomainClient({ clientId: 'a+b', secrets: [aSecret('raw+secret')] }),
    ]);
    const readings: PresentedCredentials[] = [
      { clientId: 'a b', clientSecret: 'raw secret' },
      { clientId: 'a+b', clientSecret: 'raw+secret' },
    ];
    const authenticator = new ClientAuthenticator(
      knownClients(clients),
      new FailedAttempts(),
      new FailureRecorder(new FakeAuditTrail()),
    );
    const found = await authenticator.authenticate(shown('', { readings }), CALLER);
    expect(found.client.clientId).toBe('a+b');
    expect(clients.asked).toEqual(['a b', 'a+b']);
  });
});

/** Each cause of a refusal, with the reason that only the log gets. */
const REFUSALS: [string, Client | undefined, ShownCredentials, RegExp][] = [
  ['it is unknown', undefined, shown(), /^unknown client/],
  ['its secret is wrong', aDomainClient(), shown('wrong'), /^wrong secret/],
  ['its secret is empty', aDomainClient(), shown(''), /^wrong secret/],
  ['it has no secret', aDomainClient({ secrets: [] }), shown(), /^wrong secret/],
  [
    'it has no secret, and none is sent',
    aDomainClient({ secrets: [] }),
    shown(''),
    /^wrong secret/,
  ],
  [
    'what is sent is the stored digest',
    aDomainClient(),
    shown(aSecret('right').digest.toString('hex')),
    /^wrong secret/,
  ],
  [
    'its secret has expired',
    aDomainClient({
      secrets: [
        aSecret('right', { endsInSeconds: -1, expiresAt: new Date('2026-01-01T00:00:00Z') }),
      ],
    }),
    shown(),
    /^secret …ight expired at 2026-01-01/,
  ],
  ['it is disabled', aDomainClient({ enabled: false }), shown(), /^client is disabled/],
  [
    'it may only use the body',
    aDomainClient({ tokenEndpointAuthMethod: 'client_secret_post' }),
    shown(),
    /^client may only use client_secret_post/,
  ],
  [
    'it may only use the header',
    aDomainClient({ tokenEndpointAuthMethod: 'client_secret_basic' }),
    shown('right', { method: 'client_secret_post' }),
    /^client may only use client_secret_basic/,
  ],
  [
    'it is imported with a method that is no secret',
    aDomainClient({ tokenEndpointAuthMethod: 'private_key_jwt' as 'client_secret_basic' }),
    shown(),
    /^client may only use private_key_jwt/,
  ],
  [
    'it comes from another address',
    aDomainClient({ allowedIps: ['10.0.0.0/8'] }),
    shown(),
    /^address 192\.0\.2\.1 is not allowed/,
  ],
];

describe('a refusal', () => {
  it.each(REFUSALS)(
    'because %s gives the same answer and its own reason',
    async (_why, client, sent, reason) => {
      const authenticator = authenticatorOf(...(client === undefined ? [] : [client]));
      const error = await refusal(authenticator.authenticate(sent, CALLER));
      expect(error.code).toBe('invalid_client');
      expect(error.message).toBe(
        'Client authentication failed. Check the client id and the secret, or ask an administrator and name this request.',
      );
      expect(Object.keys(error.context)).toEqual(['reason']);
      expect(error.context.reason).toMatch(reason);
      expect(error.context.reason).toMatch(/ \(client_id "billing"\)$/);
    },
  );

  it('never has the secret in its reason', async () => {
    const error = await refusal(authenticatorOf().authenticate(shown('pst_secret'), CALLER));
    expect(JSON.stringify([error.message, error.context])).not.toContain('pst_secret');
  });

  it('cuts and escapes the client id in its reason', async () => {
    const clientId = `a"\n${'x'.repeat(1000)}`;
    const error = await refusal(authenticatorOf().authenticate(shown('s', { clientId }), CALLER));
    expect(error.context.reason).toContain('"a\\"\\nxxx');
    expect(error.context.reason?.length).toBeLessThan(200);
  });

  it('of two readings is one attempt with both reasons', async () => {
    const readings = [
      { clientId: 'a b', clientSecret: 's' },
      { clientId: 'billing', clientSecret: 's' },
    ];
    const error = await refusal(
      authenticatorOf(aDomainClient()).authenticate(shown('', { readings }), CALLER),
    );
    expect(error.context.reason).toBe('unknown client; wrong secret (client_id "a b")');
  });

  it.each([
    '<client_secret>',
    '{{CLIENT_SECRET}}',
    '$CLIENT_SECRET',
    '${SECRET}',
    'your-secret',
    'YOUR_SECRET',
  ])('names a placeholder: %s, whether the client exists or not', async (placeholder) => {
    for (const authenticator of [authenticatorOf(), authenticatorOf(aDomainClient())]) {
      const error = await refusal(authenticator.authenticate(shown(placeholder), CALLER));
      expect(error.message).toMatch(/placeholder of an example/);
      expect(error.message).not.toContain(placeholder);
    }
  });

  // A hole: the pattern for placeholders backtracks in the third power of the length. 8 KB of
  // braces hold the process for 20 s, 16 KB for minutes, and nobody has to be known for it.
  it('of any secret takes no time to speak of', async () => {
    const braces = `${'{'.repeat(900)}${'}'.repeat(900)}x`;
    const start = performance.now();
    await refusal(authenticatorOf().authenticate(shown(braces), CALLER));
    expect(performance.now() - start).toBeLessThan(50);
  });

  it('is what the store throws where that is out of reach, never invalid_client', async () => {
    class BrokenClients extends FakeClientsRepository {
      override findByClientId(): Promise<never> {
        return Promise.reject(new Error('down'));
      }
    }
    const authenticator = new ClientAuthenticator(
      knownClients(new BrokenClients()),
      new FailedAttempts(),
      new FailureRecorder(new FakeAuditTrail()),
    );
    await expect(authenticator.authenticate(shown(), CALLER)).rejects.toThrow('down');
  });
});

describe('past ten different wrong secrets', () => {
  async function tried(authenticator: ClientAuthenticator, clientId = 'billing'): Promise<void> {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const error = await refusal(
        authenticator.authenticate(shown(`wrong ${attempt}`, { clientId }), CALLER),
      );
      expect(error.code).toBe('invalid_client');
    }
  }

  it.each([
    ['a client', [aDomainClient()]],
    ['an unknown client', []],
  ])('a further one at %s is held off for a while', async (_what, clients) => {
    const authenticator = authenticatorOf(...clients);
    await tried(authenticator);
    const error = await refusal(authenticator.authenticate(shown('one more'), CALLER));
    expect(error.code).toBe('too_many_attempts');
    expect(error.context.retryAfterSeconds).toBeGreaterThan(290);
    expect(error.context.retryAfterSeconds).toBeLessThanOrEqual(300);
    expect(error.context.headers).toBeUndefined();
  });

  it('the right one passes at once, and an old wrong one is still told as wrong', async () => {
    const authenticator = authenticatorOf(aDomainClient());
    await tried(authenticator);
    await refusal(authenticator.authenticate(shown('one more'), CALLER));
    expect(await authenticator.authenticate(shown(), CALLER)).toBeDefined();
    expect((await refusal(authenticator.authenticate(shown('wrong 3'), CALLER))).code).toBe(
      'invalid_client',
    );
  });

  it('nobody else is held off: not at another client id, not from another address', async () => {
    const authenticator = authenticatorOf(aDomainClient());
    await tried(authenticator);
    const elsewhere = [
      authenticator.authenticate(shown('one more', { clientId: 'other' }), CALLER),
      authenticator.authenticate(shown('one more'), { ...CALLER, address: '192.0.2.2' }),
    ];
    for (const attempt of elsewhere) expect((await refusal(attempt)).code).toBe('invalid_client');
  });
});
