import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, '../load/generator.mjs');

/** The load's process. */
export class Generator {
  #process = fork(FILE, { execArgv: [] });

  /** @throws Error with the refusing answer, where one was not 2xx */
  async slice(order) {
    this.#process.send(order);
    const [{ result, error }] = await once(this.#process, 'message');
    if (error !== undefined) throw new Error(error);
    return result;
  }

  stop() {
    this.#process.kill();
  }
}
