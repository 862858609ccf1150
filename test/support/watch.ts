import { Agent, request } from 'node:http';

/** While it is accepted: what is measured is no finer than this. */
const CLOSELY_MS = 12;
/** Once it was refused, to see whether it stays so. */
const NOW_AND_THEN_MS = 100;

/** A request that can be sent again and again. */
export interface Question {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** What became of one; times as of `performance.now()`. */
export interface Outcome {
  /** 0: there was no answer. */
  readonly status: number;
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** Sends a request once; for measuring, with less around it than `fetch` has. */
export function ask(question: Question, agent?: Agent): Promise<Outcome> {
  const { url, method = 'GET', headers = {}, body } = question;
  const sentAt = performance.now();
  return new Promise((resolve) => {
    const sent = request(url, { method, headers, agent: agent ?? false }, (response) => {
      const outcome = { status: response.statusCode ?? 0, sentAt, answeredAt: performance.now() };
      response.on('close', () => resolve(outcome)).resume();
    });
    sent.on('error', () => resolve({ status: 0, sentAt, answeredAt: performance.now() }));
    sent.end(body);
  });
}

/**
 * Asks the same again and again, without waiting for the answers: closely until the first refusal,
 * and now and then after it.
 */
export class Watch {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly underWay = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;
  private lastAccepted = -Infinity;
  private refused = false;
  private sentAt = performance.now();
  private gap = 0;

  /** Those of the refusals. */
  readonly statuses = new Set<number>();

  constructor(private readonly question: Question) {
    this.next();
  }

  /** When the last request was sent that was accepted. */
  get lastAcceptedAt(): number {
    return this.lastAccepted;
  }

  /** The longest time from one request to the next, before the first refusal. */
  get longestGapMs(): number {
    return this.gap;
  }

  /** Asks no more, and waits for the answers that are still to come. */
  async end(): Promise<void> {
    clearTimeout(this.timer);
    await Promise.all(this.underWay);
    this.agent.destroy();
  }

  private next(): void {
    const now = performance.now();
    if (!this.refused) this.gap = Math.max(this.gap, now - this.sentAt);
    this.sentAt = now;
    const asked = ask(this.question, this.agent).then((outcome) => this.note(outcome));
    this.underWay.add(asked);
    void asked.finally(() => this.underWay.delete(asked));
    const wait = this.refused ? NOW_AND_THEN_MS : CLOSELY_MS;
    this.timer = setTimeout(() => this.next(), wait);
  }

  private note({ status, sentAt }: Outcome): void {
    if (status === 200) {
      this.lastAccepted = Math.max(this.lastAccepted, sentAt);
    } else {
      this.refused = true;
      this.statuses.add(status);
    }
  }
}
