import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { AuditTrail, type AuthenticationFailure } from './audit-trail.js';

const FLUSH_MS = 1000;
const MINUTE_MS = 60_000;
/** So many of one client and address are told one by one in a minute. */
const SINGLE_A_MINUTE = 20;
const MOST_REQUEST_IDS = 100;
/** Pairs of client and address that are told apart in a minute; the rest are told as one. */
const MOST_PAIRS = 2000;

/** A failed attempt, as it happens. */
export interface FailedAttempt {
  readonly clientId: string;
  readonly address: string;
  readonly requestId: string;
  readonly reason: string;
}

interface Fold {
  readonly first: AuthenticationFailure;
  count: number;
  requestIds: string[];
}

/**
 * Gathers failed attempts to authenticate and writes them to the audit trail in batches, within
 * two seconds. Past twenty a minute of one client and address they are folded into one event with
 * a count, and so are those of too many different ones: an attack can't fill the disk.
 */
@Injectable()
export class FailureRecorder implements OnModuleDestroy {
  private readonly logger = new Logger('Audit');
  private readonly counts = new Map<string, number>();
  private singles: AuthenticationFailure[] = [];
  private folds = new Map<string, Fold>();
  private minute = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly trail: AuditTrail) {}

  /** Notes a failure; costs no write. */
  note(attempt: FailedAttempt, now = new Date()): void {
    this.forgetEarlierMinutes(now);
    const pair = `${attempt.address} ${attempt.clientId}`;
    const known = this.counts.get(pair);
    if (known === undefined && this.counts.size >= MOST_PAIRS) {
      this.fold('many', { ...toFailure(attempt, now), clientId: null, address: null });
    } else {
      this.counts.set(pair, (known ?? 0) + 1);
      if ((known ?? 0) < SINGLE_A_MINUTE) this.singles.push(toFailure(attempt, now));
      else this.fold(pair, toFailure(attempt, now));
    }
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  /** Writes what was gathered; what can't be written is logged and let go. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const failures = [...this.singles, ...[...this.folds.values()].map(folded)];
    this.singles = [];
    this.folds = new Map();
    if (failures.length === 0) return;
    try {
      await this.trail.recordFailures(failures);
    } catch (err) {
      this.logger.warn({
        msg: 'failed attempts could not be recorded',
        lost: failures.length,
        err,
      });
    }
  }

  async onModuleDestroy(): Promise<void> {
    await this.flush();
  }

  private fold(key: string, failure: AuthenticationFailure): void {
    const fold = this.folds.get(key);
    if (fold === undefined) {
      this.folds.set(key, { first: failure, count: 1, requestIds: [...failure.requestIds] });
      return;
    }
    fold.count += 1;
    fold.requestIds = [...fold.requestIds, ...failure.requestIds].slice(-MOST_REQUEST_IDS);
  }

  private forgetEarlierMinutes(now: Date): void {
    const minute = Math.floor(now.getTime() / MINUTE_MS);
    if (minute === this.minute) return;
    this.minute = minute;
    this.counts.clear();
  }
}

function toFailure(attempt: FailedAttempt, time: Date): AuthenticationFailure {
  const { clientId, address, reason, requestId } = attempt;
  return { time, clientId, address, reason, count: 1, requestIds: [requestId] };
}

function folded({ first, count, requestIds }: Fold): AuthenticationFailure {
  return { ...first, count, requestIds };
}
