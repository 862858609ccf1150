import { randomFillSync } from 'node:crypto';

const LETTERS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789');
/** Bytes from here on would favour the first letters (248 = 4 × 62), so they are drawn again. */
const FIRST_UNFAIR_BYTE = 248;

/** One call to the generator serves some hundred letters; a byte is wiped when it is used. */
const pool = Buffer.alloc(4096);
let used = pool.length;

/** The letters that are being drawn: a text put together from each would be as many objects. */
const drawn = Buffer.alloc(64);

/**
 * Draws letters and digits from the system's secure generator, each of the 62 equally likely: 5.95
 * bits a letter (RFC 6749 §10.10 asks for 128 bits in all).
 */
export function randomLetters(length: number): string {
  let letters = '';
  while (letters.length < length) letters += draw(Math.min(length - letters.length, drawn.length));
  return letters;
}

function draw(length: number): string {
  for (let count = 0; count < length;) {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    // By their index: what looks it over first takes twice the time.
    const byte = pool[used] as number;
    pool[used] = 0;
    used += 1;
    if (byte >= FIRST_UNFAIR_BYTE) continue;
    drawn[count] = LETTERS[byte % LETTERS.length] as number;
    count += 1;
  }
  const letters = drawn.toString('latin1', 0, length);
  drawn.fill(0, 0, length);
  return letters;
}
