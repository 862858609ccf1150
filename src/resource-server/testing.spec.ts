import { describe, expect, it } from '@jest/globals';
import { asClient, TEST_AUDIENCE, TestTokenVerifier, withScopes } from './testing.js';

const sent = ({ Authorization }: { Authorization: string }): string =>
  Authorization.slice('Bearer '.length);

describe('the verifier for tests', () => {
  it('believes the tokens that were made for it', async () => {
    const verified = await new TestTokenVerifier().verify(sent(asClient('bïlling', 'a', 'b')));
    expect(verified).toMatchObject({
      clientId: 'bïlling',
      scopes: ['a', 'b'],
      audience: [TEST_AUDIENCE],
    });
    expect(verified?.expiresAt.getTime()).toBeGreaterThan(Date.now());
  });

  it('names a client where a test does not care, with exactly the scopes given', async () => {
    const verified = await new TestTokenVerifier().verify(sent(withScopes()));
    expect(verified).toMatchObject({ clientId: 'test-client', scopes: [] });
  });

  it('makes tokens of the letters of RFC 6750 §2.1', () => {
    expect(withScopes('a b', 'ü', '😀?').Authorization).toMatch(/^Bearer [A-Za-z0-9\-._~+/]+=*$/);
  });

  it.each(['abc', 'tes.abc', 'TEST.abc', ''])('knows no other token: "%s"', async (token) => {
    expect(await new TestTokenVerifier().verify(token)).toBeUndefined();
  });

  // The port: undefined for a malformed token. It throws, so that the guard answers 503.
  it('knows no token that only begins like its own', async () => {
    expect(await new TestTokenVerifier().verify('test.abc')).toBeUndefined();
  });

  it('can not be made in production', () => {
    const { NODE_ENV } = process.env;
    process.env.NODE_ENV = 'production';
    try {
      expect(() => new TestTokenVerifier()).toThrow(/believes every caller/);
    } finally {
      process.env.NODE_ENV = NODE_ENV;
    }
  });
});
