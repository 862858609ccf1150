import { describe, expect, it } from '@jest/globals';
import { aDomainClient, aSecret, FakeClientsRepository } from '../../../test/support/fakes.js';
import { sameSecret, secretDigest } from '../../secrets/digests.js';
import type { Client } from './client.js';
import { FirstAdmin, type AdminCredentials } from './first-admin.js';

const SECRET = 'a-secret-of-thirty-two-characters';
const WANTED = { clientId: 'boss', clientSecret: SECRET };
const ADMIN = { scopes: ['read', 'admin'], secrets: [aSecret(SECRET)] } satisfies Partial<Client>;

function setUp(...clients: Client[]) {
  const repository = new FakeClientsRepository(clients);
  const kept: AdminCredentials[] = [];
  /** How many clients there were when the credentials were kept. */
  const clientsThen: number[] = [];
  return {
    repository,
    kept,
    clientsThen,
    firstAdmin: new FirstAdmin(repository),
    keep: (made: AdminCredentials) => {
      kept.push(made);
      clientsThen.push(repository.clients.length);
      return Promise.resolve();
    },
  };
}

function cannotKeep(): Promise<never> {
  return Promise.reject(new Error('disk full'));
}

describe('an admin client that the settings name', () => {
  it('is made where no client of that id exists, with the secret given, which is not kept', async () => {
    const { firstAdmin, repository, keep, kept } = setUp(aDomainClient());
    expect(await firstAdmin.ensureWanted(WANTED, keep)).toEqual({
      kind: 'made',
      credentials: WANTED,
    });
    expect(kept).toEqual([]);
    expect(repository.clients[1]).toMatchObject({
      clientId: 'boss',
      clientName: 'First admin',
      scopes: ['read', 'write', 'admin'],
      defaultScopes: ['read', 'write'],
      secrets: [{ digest: secretDigest(SECRET), hint: 'ters' }],
    });
  });

  it('gets a secret where none is given, which is kept before the client exists', async () => {
    const { firstAdmin, repository, keep, kept, clientsThen } = setUp();
    const outcome = await firstAdmin.ensureWanted(
      { clientId: 'boss', clientSecret: undefined },
      keep,
    );
    const [made] = kept;
    expect(outcome).toEqual({ kind: 'made', credentials: made });
    expect(made).toEqual({
      clientId: 'boss',
      clientSecret: expect.stringMatching(/^pst_[A-Za-z0-9]{40}$/),
    });
    expect(clientsThen).toEqual([0]);
    const digest = repository.clients[0]?.secrets[0]?.digest ?? secretDigest('');
    expect(sameSecret(digest, secretDigest(made?.clientSecret ?? ''))).toBe(true);
  });

  it('is not made where its secret could not be kept', async () => {
    const { firstAdmin, repository } = setUp();
    const attempt = firstAdmin.ensureWanted(
      { clientId: 'boss', clientSecret: undefined },
      cannotKeep,
    );
    await expect(attempt).rejects.toThrow('disk full');
    expect(repository.clients).toEqual([]);
  });

  it.each<[string, Partial<Client>, string | undefined, string | undefined]>([
    ['as the settings say', ADMIN, SECRET, undefined],
    [
      'with several secrets',
      { ...ADMIN, secrets: [aSecret('other'), aSecret(SECRET)] },
      SECRET,
      undefined,
    ],
    ['and no secret is given', ADMIN, undefined, undefined],
    ['but disabled', { ...ADMIN, enabled: false }, SECRET, undefined],
    [
      'with another secret',
      { ...ADMIN, secrets: [aSecret('other')] },
      SECRET,
      'its secret is another one',
    ],
    [
      'with this secret, expired',
      { ...ADMIN, secrets: [aSecret(SECRET, { endsInSeconds: -1 })] },
      SECRET,
      'its secret is another one',
    ],
    [
      'without the scope',
      { ...ADMIN, scopes: ['read'] },
      SECRET,
      'it does not have the scope admin',
    ],
    [
      'without the scope, and no secret is given',
      { scopes: ['read'] },
      undefined,
      'it does not have the scope admin',
    ],
  ])('is left as it is where it exists %s', async (_how, traits, clientSecret, what) => {
    const existing = aDomainClient({ clientId: 'boss', ...traits });
    const { firstAdmin, repository, keep, kept } = setUp(existing);
    const outcome = await firstAdmin.ensureWanted({ clientId: 'boss', clientSecret }, keep);
    expect(outcome).toEqual(
      what === undefined
        ? { kind: 'exists', clientId: 'boss', createdAt: existing.createdAt }
        : { kind: 'differs', clientId: 'boss', what },
    );
    expect(repository.clients).toEqual([existing]);
    expect(kept).toEqual([]);
  });

  it('is told by its id to the letter', async () => {
    const { firstAdmin, repository, keep } = setUp(aDomainClient({ clientId: 'Boss', ...ADMIN }));
    expect((await firstAdmin.ensureWanted(WANTED, keep)).kind).toBe('made');
    expect(repository.clients).toHaveLength(2);
  });

  it('is made once by nodes that start together', async () => {
    const { firstAdmin, repository, keep, kept } = setUp();
    const wanted = { clientId: 'boss', clientSecret: undefined };
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => firstAdmin.ensureWanted(wanted, keep)),
    );
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual([
      ...Array<string>(4).fill('exists'),
      'made',
    ]);
    expect(repository.clients).toHaveLength(1);
    expect(kept).toHaveLength(1);
  });
});

describe('any admin client', () => {
  it('is made with an id and a secret of its own, both kept before it exists', async () => {
    const { firstAdmin, repository, keep, kept, clientsThen } = setUp(aDomainClient());
    const outcome = await firstAdmin.ensureAny(keep);
    expect(outcome).toEqual({ kind: 'made', credentials: kept[0] });
    expect(kept).toEqual([
      {
        clientId: expect.stringMatching(/^[A-Za-z0-9]{12}$/),
        clientSecret: expect.stringMatching(/^pst_[A-Za-z0-9]{40}$/),
      },
    ]);
    expect(clientsThen).toEqual([1]);
    expect(repository.clients[1]?.scopes).toEqual(['read', 'write', 'admin']);
  });

  it.each([true, false])('is not made where there is one, switched on: %s', async (enabled) => {
    const existing = aDomainClient({ clientId: 'chief', enabled, ...ADMIN });
    const { firstAdmin, repository, keep, kept } = setUp(aDomainClient(), existing);
    expect(await firstAdmin.ensureAny(keep)).toEqual({
      kind: 'exists',
      clientId: 'chief',
      createdAt: existing.createdAt,
    });
    expect(repository.clients).toHaveLength(2);
    expect(kept).toEqual([]);
  });

  it('is not made where there is nowhere to keep it', async () => {
    const { firstAdmin, repository } = setUp();
    expect(await firstAdmin.ensureAny(undefined)).toEqual({ kind: 'none' });
    expect(repository.clients).toEqual([]);
  });

  it('is not made where it could not be kept', async () => {
    const { firstAdmin, repository } = setUp();
    await expect(firstAdmin.ensureAny(cannotKeep)).rejects.toThrow('disk full');
    expect(repository.clients).toEqual([]);
  });

  it('is made once by nodes that start together', async () => {
    const { firstAdmin, repository, keep, kept } = setUp();
    await Promise.all(Array.from({ length: 5 }, () => firstAdmin.ensureAny(keep)));
    expect(repository.clients).toHaveLength(1);
    expect(kept).toHaveLength(1);
  });
});
