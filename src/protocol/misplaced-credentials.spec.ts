import { describe, expect, it } from '@jest/globals';
import { isClientSecret, withheld } from './misplaced-credentials.js';

const SECRET = `pst_${'aB3'.repeat(13)}x`;
const TOKEN = 'N0body'.repeat(5);
const JWT = 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2ln-bmF_0dXJl';

describe('a credential in the wrong place', () => {
  it.each([
    ['a client secret', SECRET, '[withheld]'],
    ['a client secret in a path', `/clients/${SECRET}/tokens`, '/clients/[withheld]/tokens'],
    ['one that is cut', `"${SECRET.slice(0, 20)}"`, '"[withheld]"'],
    ['one that goes on', `${SECRET}xyz`, '[withheld]'],
    ['one behind other letters', `%zz${SECRET}`, '%zz[withheld]'],
    ['an opaque token', `/o/token/${TOKEN}`, '/o/token/[withheld]'],
    ['an opaque token in JSON', JSON.stringify({ id: TOKEN }), '{"id":"[withheld]"}'],
    ['a JWT', `Bearer ${JWT}`, 'Bearer [withheld]'],
    ['a JWT without its signature', JWT.slice(0, JWT.lastIndexOf('.')), '[withheld]'],
    ['two of them', `${TOKEN} ${JWT}`, '[withheld] [withheld]'],
  ])('%s is withheld', (_what, text, told) => {
    expect(withheld(text)).toBe(told);
  });

  it.each([
    ['an id that was made', 'Xw3kPq81ZrTb'],
    ['a UUID', '0b6a1a2e-5c0d-4a3e-9d7e-1b2c3d4e5f60'],
    ['32 hexadecimal digits', '0b6a1a2e5c0d4a3e9d7e1b2c3d4e5f60'],
    ['a longer word', `${TOKEN}x`],
    ['30 letters of a longer id', `${TOKEN}.prod`],
    ['a sentence', 'This client has no secret with this id.'],
    ['a path', '/clients/Xw3kPq81ZrTb/secrets'],
  ])('%s is none', (_what, text) => {
    expect(withheld(text)).toBe(text);
  });

  it('is found in no time in long texts that nearly have one', () => {
    const texts = ['eyJ', 'eyJ-', 'eyJa.', 'pst_', 'pst_a', 'a'].map((part) =>
      part.repeat(100_000 / part.length),
    );
    const began = performance.now();
    for (const text of texts) withheld(text);
    expect(performance.now() - began).toBeLessThan(1000);
  });

  it('is known for a client secret where it is the whole text', () => {
    expect(isClientSecret(SECRET)).toBe(true);
    for (const text of [`${SECRET}x`, SECRET.slice(0, -1), ` ${SECRET}`, TOKEN, 'pst_'])
      expect(isClientSecret(text)).toBe(false);
  });
});
