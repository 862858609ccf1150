import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Actor } from '../audit/domain/audit-event.js';
import { KeyRing } from './domain/key-ring.js';
import { SigningKeysService } from './domain/signing-keys.service.js';

/** How soon this node knows what another one or an administrator did. */
const EVERY_MS = 30_000;

/** Keeps the keys of this process up to date, and lets the next one sign when its time has come. */
@Injectable()
export class SigningKeysKeeper implements OnModuleDestroy {
  private readonly logger = new Logger('SigningKeys');
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly service: SigningKeysService,
    private readonly keys: KeyRing,
  ) {}

  /**
   * Makes the first keys and reads those that are there. Called by the server alone: a command
   * neither signs nor lives long enough to rotate.
   *
   * @throws SettingsError where the keys can't be decrypted; what the database says
   */
  async start(): Promise<void> {
    await this.service.ensure(by('os:start'));
    await this.keys.reload();
    this.timer = setInterval(() => void this.keep(), EVERY_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** Reads the keys anew, and rotates them where it is time. A failure is logged, and tried again. */
  async keep(): Promise<void> {
    try {
      if (!this.service.isDue(await this.keys.reload())) return;
      const rotated = await this.service.rotate(by('os:timer'), { force: false });
      const { current } = await this.keys.reload();
      if (rotated) this.logger.log({ msg: 'signing keys rotated', kid: current?.kid });
    } catch (err) {
      this.logger.warn({ msg: 'signing keys could not be kept; trying again shortly', err });
    }
  }
}

function by(name: string): Actor {
  return { name, address: null, requestId: null };
}
