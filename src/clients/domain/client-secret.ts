import { crc32 } from 'node:zlib';
import { randomLetters } from '../../secrets/random-letters.js';

const PREFIX = 'pst_';
const RANDOM_LETTERS = 34;
const CHECKSUM_LETTERS = 6;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/**
 * Makes a client secret: `pst_`, 34 random letters (202 bits), and 6 letters of checksum, so that
 * a scanner can tell a leaked one from chance. With an id of 12 letters and a colon it comes to 57
 * bytes: one more, and `base64` would wrap the header's value onto a second line.
 */
export function generateClientSecret(): string {
  const random = randomLetters(RANDOM_LETTERS);
  return `${PREFIX}${random}${checksum(random)}`;
}

/** Makes a client id: 12 letters and digits. */
export function generateClientId(): string {
  return randomLetters(12);
}

/** What may be shown of a secret: its last four characters. */
export function secretHint(secret: string): string {
  return secret.slice(-4);
}

/** CRC-32 of the random part in base 62, padded with zeros to six digits. */
function checksum(random: string): string {
  let rest = crc32(random);
  let digits = '';
  for (let place = 0; place < CHECKSUM_LETTERS; place += 1) {
    digits = DIGITS.charAt(rest % DIGITS.length) + digits;
    rest = Math.floor(rest / DIGITS.length);
  }
  return digits;
}
