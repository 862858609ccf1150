import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { InvalidationFeed } from '../../invalidation/domain/invalidation-feed.js';
import { hasEnded, type Client } from './client.js';
import { ClientsRepository } from './clients.repository.js';

const MOST_CLIENTS = 10_000;
/** Of their settings as JSON: a few clients with much in them must not take the place of all. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

interface Known {
  readonly client: Client;
  /** When one of its secrets ends; by a clock that only goes forward. */
  readonly until: number;
}

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
  private readonly known = new LRUCache<string, Known>({
    max: MOST_CLIENTS,
    maxSize: MOST_CHARACTERS,
    sizeCalculation: ({ client }) => JSON.stringify(client).length,
  });
  private readonly readings = new Map<string, Reading>();

  constructor(
    private readonly clients: ClientsRepository,
    private readonly feed: InvalidationFeed,
  ) {
    feed.subscribe((invalidations) => {
      if (invalidations === undefined) {
        this.known.clear();
        return;
      }
      if (invalidations.clients.size === 0) return;
      for (const [clientId, { client }] of this.known.entries()) {
        if (invalidations.clients.has(client.key)) this.known.delete(clientId);
      }
    });
  }

  /** The client of an id, where it is known and can be believed; undefined tells nothing. */
  find(clientId: string): Client | undefined {
    if (!this.feed.isTrusted()) return undefined;
    const known = this.known.get(clientId);
    return known !== undefined && performance.now() < known.until ? known.client : undefined;
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
    const answer = this.lookUp(clientId);
    const reading: Reading = { answer };
    this.readings.set(clientId, reading);
    const end = (): void => {
      if (this.readings.get(clientId) === reading) this.readings.delete(clientId);
    };
    answer.then(end, end);
    return answer;
  }

  private async lookUp(clientId: string): Promise<Client | undefined> {
    const { version } = this.feed;
    const sentAt = performance.now();
    const client = await this.clients.findByClientId(clientId);
    // An answer that crossed a kill the caches were told of already would never be dropped again.
    if (client === undefined || this.feed.version !== version) this.known.delete(clientId);
    else this.known.set(clientId, { client, until: sentAt + millisecondsToNextEnd(client) });
    return client;
  }
}

function millisecondsToNextEnd({ secrets }: Client): number {
  const ends = secrets.map((secret) =>
    hasEnded(secret) ? Infinity : 1000 * (secret.endsInSeconds ?? Infinity),
  );
  return Math.min(...ends);
}
