import { Injectable } from '@nestjs/common';
import { InvalidationFeed } from '../../invalidation/domain/invalidation-feed.js';
import { TrustedCache } from '../../invalidation/domain/trusted-cache.js';
import { hasEnded, type Client } from './client.js';
import { ClientsRepository } from './clients.repository.js';

const MOST_CLIENTS = 10_000;

interface Reading {
  readonly answer: Promise<Client | undefined>;
  /** For those who asked after this one was sent. */
  next?: Promise<Client | undefined>;
}

/**
 * The clients that this node has read lately, kept true by the invalidation feed.
 *
 * What is known may let a client in, but never turn one away: whoever refuses has to read again
 * first, so that a new secret or scope works at once on every node.
 */
@Injectable()
export class KnownClients {
  private readonly known: TrustedCache<Client>;
  private readonly readings = new Map<string, Reading>();

  constructor(
    private readonly clients: ClientsRepository,
    feed: InvalidationFeed,
  ) {
    this.known = new TrustedCache(feed, {
      most: MOST_CLIENTS,
      charactersOf: (client) => JSON.stringify(client).length,
      clientOf: ({ key }) => key,
      secondsLeftOf: secondsToNextEnd,
    });
  }

  /** The client of an id, where it is known and can be believed; undefined tells nothing. */
  find(clientId: string): Client | undefined {
    return this.known.find(clientId);
  }

  /**
   * Reads a client by a look-up that is sent after this was called; those who ask while one for the
   * same id is under way share the next.
   *
   * @throws what the store throws when it is out of reach
   */
  read(clientId: string): Promise<Client | undefined> {
    const underWay = this.readings.get(clientId);
    if (underWay === undefined) return this.start(clientId);
    underWay.next ??= underWay.answer.then(
      () => this.start(clientId),
      () => this.start(clientId),
    );
    return underWay.next;
  }

  private start(clientId: string): Promise<Client | undefined> {
    const answer = this.known.lookUp(clientId, () => this.clients.findByClientId(clientId));
    const reading: Reading = { answer };
    this.readings.set(clientId, reading);
    const end = (): void => {
      if (this.readings.get(clientId) === reading) this.readings.delete(clientId);
    };
    answer.then(end, end);
    return answer;
  }
}

/** Until one of its secrets ends, which changes what it may. */
function secondsToNextEnd({ secrets }: Client): number {
  const ends = secrets.map((secret) =>
    hasEnded(secret) ? Infinity : (secret.endsInSeconds ?? Infinity),
  );
  return Math.min(...ends);
}
