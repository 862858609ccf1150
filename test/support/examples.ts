import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/**
 * Gives the code block of a document that has a text in it.
 *
 * @throws an Error where there is none
 */
export function example(document: string, text: string): string {
  const blocks = readFileSync(join(ROOT, document), 'utf8').matchAll(/```ts\n(.*?)```/gs);
  const found = [...blocks].map(([, code = '']) => code).find((code) => code.includes(text));
  if (found === undefined) throw new Error(`${document} has no example with ${text}`);
  return found;
}
