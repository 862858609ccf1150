// The global one is a getter, and this is asked at every check.
import { performance } from 'node:perf_hooks';
import { LRUCache } from 'lru-cache';
import type { InvalidationFeed } from './invalidation-feed.js';

/** What a cache has to be told of its values. */
export interface TrustedCacheOptions<Value> {
  /** Values at most. */
  readonly most: number;
  /** The characters in one: a few with much in them must not take the place of all. */
  readonly charactersOf: (value: Value) => number;
  /** The key of the client that a value dies with. */
  readonly clientOf: (value: Value) => number;
  /** How long a value holds from the moment of its look-up, whatever is told of it. */
  readonly secondsLeftOf: (value: Value) => number;
}

const MOST_CHARACTERS = 32 * 1024 * 1024;
/** A shortcut may be what nothing is to keep, such as a token itself: so it goes soon, used or not. */
const SHORTCUT_MS = 1000;
const MOST_SHORTCUTS = 5000;

interface Known<Value> {
  readonly value: Value;
  /** By a clock that only goes forward. */
  readonly until: number;
}

/**
 * What was looked up lately, kept true by the invalidation feed: a value goes with its client, and
 * where its key is a token's digest, with that token. Only what was found is remembered.
 */
export class TrustedCache<Value extends object> {
  private readonly known: LRUCache<string, Known<Value>>;
  private readonly shortcuts = new Map<string, Known<Value>>();

  constructor(
    private readonly feed: InvalidationFeed,
    private readonly options: TrustedCacheOptions<Value>,
  ) {
    this.known = new LRUCache({
      max: options.most,
      maxSize: MOST_CHARACTERS,
      sizeCalculation: ({ value }) => 1 + options.charactersOf(value),
    });
    feed.subscribe((invalidations) => {
      this.shortcuts.clear();
      if (invalidations === undefined) {
        this.known.clear();
        return;
      }
      for (const digest of invalidations.tokens) this.known.delete(digest);
      if (invalidations.clients.size === 0) return;
      for (const [key, { value }] of this.known.entries()) {
        if (invalidations.clients.has(options.clientOf(value))) this.known.delete(key);
      }
    });
  }

  /** The value of a key, where it is known and can be believed; undefined tells nothing. */
  find(key: string): Value | undefined {
    return this.believed(this.known.get(key));
  }

  /** As {@link find}, by a shortcut, which spares the caller to work out the key. */
  findByShortcut(shortcut: string): Value | undefined {
    return this.believed(this.shortcuts.get(shortcut));
  }

  /** Lets what is known under a key be found by a shortcut, for a second or until anything is told. */
  addShortcut(shortcut: string, key: string): void {
    if (this.shortcuts.size >= MOST_SHORTCUTS) return;
    const known = this.known.peek(key);
    if (known === undefined) return;
    if (this.shortcuts.size === 0) setTimeout(() => this.shortcuts.clear(), SHORTCUT_MS).unref();
    this.shortcuts.set(copyOf(shortcut), known);
  }

  /** The value of a key, whether or not it can be believed at this moment. */
  findStale(key: string): Value | undefined {
    const known = this.known.get(key);
    return known !== undefined && performance.now() < known.until ? known.value : undefined;
  }

  /**
   * Looks a value up, and remembers what is found.
   *
   * @throws what the look-up throws
   */
  async lookUp(key: string, ask: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const { version } = this.feed;
    const askedAt = performance.now();
    const value = await ask();
    // An answer that crossed a kill the caches were told of already would never be dropped again.
    if (value === undefined || this.feed.version !== version) this.known.delete(key);
    else {
      // A whole number, which V8 keeps in the object and not beside it.
      const until = Math.floor(askedAt + this.options.secondsLeftOf(value) * 1000);
      this.known.set(copyOf(key), { value, until });
    }
    return value;
  }

  private believed(known: Known<Value> | undefined): Value | undefined {
    if (known === undefined) return undefined;
    const now = performance.now();
    return now < known.until && this.feed.isTrusted(now) ? known.value : undefined;
  }
}

/** A piece of a longer text would keep all of it, and is slower to compare. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}
