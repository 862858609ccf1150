import { Injectable } from '@nestjs/common';

/** Whether the process has been told to stop: it serves on for a while, but says so. */
@Injectable()
export class Draining {
  private begun = false;

  /** From now on readiness answers 503, and no connection is kept. */
  begin(): void {
    this.begun = true;
  }

  get hasBegun(): boolean {
    return this.begun;
  }
}
