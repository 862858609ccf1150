import { randomFillSync } from 'node:crypto';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
/** Bytes from here on would favour the first letters (248 = 4 × 62), so they are drawn again. */
const FIRST_UNFAIR_BYTE = 248;

const pool = Buffer.alloc(4096);
let used = pool.length;

/**
 * Draws letters and digits from the system's secure generator, each of the 62 equally likely: 5.95
 * bits a letter (RFC 6749 §10.10 asks for 128 bits in all).
 */
export function randomLetters(length: number): string {
  let letters = '';
  while (letters.length < length) {
    const byte = nextByte();
    if (byte < FIRST_UNFAIR_BYTE) letters += LETTERS.charAt(byte % LETTERS.length);
  }
  return letters;
}

/** One call to the generator serves some hundred letters; a byte is wiped when it is given out. */
function nextByte(): number {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const byte = pool.readUInt8(used);
  pool.writeUInt8(0, used);
  used += 1;
  return byte;
}
