/** What is signed, and what is believed: the attacks on JWTs (RFC 8725 §2), one by one. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  exportSPKI,
  generateKeyPair,
  importJWK,
  jwtVerify,
  SignJWT,
  type CryptoKey,
} from 'jose';
import {
  aKeyEncryptionKey,
  aSigningKey,
  aTokenService,
  ISSUER,
} from '../../../test/support/signing-keys.js';
import type { AccessTokenClaims } from './access-token-signer.js';
import { drawSigningKey, unsealed } from './sealed-key.js';
import { SIGNING_ALGORITHMS } from './signing-key.js';

const seconds = (): number => Math.floor(Date.now() / 1000);

function claims(traits: Partial<AccessTokenClaims> = {}): AccessTokenClaims {
  return {
    jti: 'a'.repeat(30),
    issuer: ISSUER,
    clientId: 'billing',
    scopes: ['read', 'write'],
    audience: ['https://api.example.com'],
    issuedAt: seconds(),
    expiresAt: seconds() + 3600,
    ...traits,
  };
}

type Service = Awaited<ReturnType<typeof aTokenService>>;

describe.each(SIGNING_ALGORITHMS)('a token signed with %s', (algorithm) => {
  let service: Service;
  let token: string;
  const said = claims();

  beforeAll(async () => {
    service = await aTokenService(algorithm);
    token = await service.signer.sign(said);
  });

  it('says what RFC 9068 §2 asks for', () => {
    expect(decodeProtectedHeader(token)).toEqual({
      typ: 'at+jwt',
      alg: algorithm,
      kid: service.key.kid,
    });
    expect(decodeJwt(token)).toEqual({
      iss: ISSUER,
      sub: 'billing',
      aud: 'https://api.example.com',
      client_id: 'billing',
      scope: 'read write',
      iat: said.issuedAt,
      exp: said.expiresAt,
      jti: said.jti,
    });
  });

  it('is read here, and checked by whoever has the published keys', async () => {
    expect(await service.reader.read(token)).toEqual({ jti: said.jti, expiresAt: said.expiresAt });
    const keys = createLocalJWKSet({ keys: await service.ring.published() });
    const options = { issuer: ISSUER, audience: 'https://api.example.com', typ: 'at+jwt' };
    expect((await jwtVerify(token, keys, options)).payload.jti).toBe(said.jti);
  });
});

describe('the audience', () => {
  it('is a text for one, and a list for several', async () => {
    const { signer } = await aTokenService();
    const audience = ['https://api.example.com', 'urn:example:rates'];
    expect(decodeJwt(await signer.sign(claims({ audience }))).aud).toEqual(audience);
    expect(decodeJwt(await signer.sign(claims({ audience: ['urn:x:y'] }))).aud).toBe('urn:x:y');
  });

  it('is refused where it makes the token longer than a header can be', async () => {
    const { signer } = await aTokenService();
    const audience = Array.from({ length: 20 }, (_, n) => `urn:x:${n}${'y'.repeat(900)}`);
    await expect(signer.sign(claims({ audience }))).rejects.toMatchObject({
      code: 'invalid_target',
    });
  });
});

describe('a token is not believed', () => {
  let service: Service;
  let privateKey: CryptoKey;
  let good: string;

  beforeAll(async () => {
    service = await aTokenService();
    privateKey = await unsealed(service.key, aKeyEncryptionKey());
    good = await service.signer.sign(claims());
  });

  const payload = (): Record<string, unknown> => decodeJwt(good);
  const header = (): { alg: string; [name: string]: unknown } => ({
    typ: 'at+jwt',
    alg: 'EdDSA',
    kid: service.key.kid,
  });

  /** Signed with the server's own key, but for what a test changes. */
  const signed = (
    changedPayload: Record<string, unknown> = {},
    changedHeader: Record<string, unknown> = {},
  ): Promise<string> =>
    new SignJWT({ ...payload(), ...changedPayload })
      .setProtectedHeader({ ...header(), ...changedHeader })
      .sign(privateKey);

  const encoded = (value: unknown): string =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

  /** A token of any header with any signature. */
  const forged = (
    forgedHeader: unknown,
    signature: (input: string) => string = () => good.split('.')[2] ?? '',
  ): string => {
    const input = `${encoded(forgedHeader)}.${encoded(payload())}`;
    return `${input}.${signature(input)}`;
  };

  it('unless it is good, as this table is made from', async () => {
    expect(await service.reader.read(await signed())).toMatchObject({ jti: claims().jti });
    expect(await service.reader.read(await signed({ nbf: seconds() }))).toBeDefined();
    expect(
      await service.reader.read(await signed({}, { typ: 'application/at+jwt' })),
    ).toBeDefined();
  });

  const flipped = (text: string, at: number): string =>
    text.slice(0, at) +
    String.fromCharCode(text.charCodeAt(at) ^ (text[at] === 'A' ? 3 : 1)) +
    text.slice(at + 1);

  it.each<[string, () => string | Promise<string>]>([
    ['with alg none, unsigned', () => forged({ ...header(), alg: 'none' }, () => '')],
    ['with alg none, with a signature', () => forged({ ...header(), alg: 'none' })],
    ['with alg None', () => forged({ ...header(), alg: 'None' })],
    [
      'signed as HS256 with the public key as the secret (JWK)',
      () =>
        forged({ ...header(), alg: 'HS256' }, (input) =>
          createHmac('sha256', Buffer.from(String(service.key.publicJwk.x), 'base64url'))
            .update(input)
            .digest('base64url'),
        ),
    ],
    [
      'signed as HS256 with the public key as the secret (PEM)',
      async () => {
        const publicKey = await importJWK(service.key.publicJwk, 'EdDSA', { extractable: true });
        const pem = await exportSPKI(publicKey as CryptoKey);
        return forged({ ...header(), alg: 'HS256' }, (input) =>
          createHmac('sha256', pem).update(input).digest('base64url'),
        );
      },
    ],
    ['with a swapped algorithm, ES256', () => forged({ ...header(), alg: 'ES256' })],
    ['with a swapped algorithm, RS256', () => forged({ ...header(), alg: 'RS256' })],
    ['with the same algorithm by another name', () => forged({ ...header(), alg: 'Ed25519' })],
    ['without an algorithm', () => forged({ typ: 'at+jwt', kid: service.key.kid })],
    ['with a list as its algorithm', () => forged({ ...header(), alg: ['EdDSA'] })],
    [
      'signed with a foreign key under our kid',
      async () => {
        const { privateKey: foreign } = await generateKeyPair('EdDSA');
        return new SignJWT(payload()).setProtectedHeader(header()).sign(foreign);
      },
    ],
    [
      'signed with a foreign key that the header brings along',
      async () => {
        const foreign = await drawSigningKey('EdDSA', aKeyEncryptionKey());
        return new SignJWT(payload())
          .setProtectedHeader({ ...header(), kid: foreign.kid, jwk: foreign.publicJwk })
          .sign(await unsealed(foreign, aKeyEncryptionKey()));
      },
    ],
    ['with an unknown kid', () => signed({}, { kid: 'unknown' })],
    ['with a kid of the prototype', () => signed({}, { kid: '__proto__' })],
    ['with a kid that is a path', () => signed({}, { kid: '../../dev/null' })],
    ['without a kid', () => signed({}, { kid: undefined })],
    ['with a number as its kid', () => forged({ ...header(), kid: 7 })],
    ['with another type', () => signed({}, { typ: 'JWT' })],
    ['with the type of an ID token left out', () => signed({}, { typ: undefined })],
    ['with a number as its type', () => forged({ ...header(), typ: 7 })],
    ['with a critical extension', () => forged({ ...header(), crit: ['exp'], exp: 1 })],
    [
      'with a payload that is not encoded',
      () => forged({ ...header(), b64: false, crit: ['b64'] }),
    ],
    ['of another issuer', () => signed({ iss: 'https://evil.example' })],
    ['of an issuer with a slash more', () => signed({ iss: `${ISSUER}/` })],
    ['of a list of issuers', () => signed({ iss: [ISSUER] })],
    ['without an issuer', () => signed({ iss: undefined })],
    ['without an audience', () => signed({ aud: undefined })],
    ['without a subject', () => signed({ sub: undefined })],
    ['without a client', () => signed({ client_id: undefined })],
    ['without an end', () => signed({ exp: undefined })],
    ['that has ended', () => signed({ exp: seconds() - 6 })],
    ['whose end is a text', () => signed({ exp: String(seconds() + 60) })],
    ['not before 6 seconds from now', () => signed({ nbf: seconds() + 7 })],
    ['whose beginning is a text', () => signed({ nbf: 'now' })],
    ['issued 6 seconds from now', () => signed({ iat: seconds() + 7 })],
    ['issued at no time', () => signed({ iat: undefined })],
    ['issued at a text', () => signed({ iat: 'now' })],
    ['without an id', () => signed({ jti: undefined })],
    ['with an empty id', () => signed({ jti: '' })],
    ['with a number as its id', () => signed({ jti: 7 })],
    ['with one bit of its header changed', () => flipped(good, 5)],
    ['with one bit of its payload changed', () => flipped(good, good.indexOf('.') + 20)],
    ['with one bit of its signature changed', () => flipped(good, good.length - 10)],
    [
      'with one of the last bits, which stand for nothing, changed',
      () => good.slice(0, -1) + String.fromCharCode(good.charCodeAt(good.length - 1) + 1),
    ],
    ['without a signature', () => good.slice(0, good.lastIndexOf('.') + 1)],
    ['with two parts', () => good.slice(0, good.lastIndexOf('.'))],
    ['with four parts', () => `${good}.${good.split('.')[2]}`],
    ['with padding', () => `${good}==`],
    ['in the other alphabet', () => good.replaceAll('-', '+').replaceAll('_', '/') + '+'],
    ['with a blank behind', () => `${good} `],
    ['with a line break within', () => good.replace('.', '\n.')],
    ['with a letter that is not ASCII', () => good.replace('.', 'é.')],
    ['with a letter that looks the same', () => good.replace('e', 'е')],
    ['of 10,000 characters', () => `${good.slice(0, -1)}${'A'.repeat(10_000)}`],
    ['of 10,000 characters, signed', () => signed({ more: 'x'.repeat(10_000) })],
    ['of 10,000 dots', () => '.'.repeat(10_000)],
    ['whose header is no JSON', () => forged('{')],
    ['whose header is null', () => forged('null')],
    ['whose header is a list', () => forged([])],
    ['whose payload is no JSON', () => good.replace(/\.[^.]+\./, `.${encoded('{')}.`)],
    ['that is empty', () => ''],
    ['that is an opaque one', () => 'a'.repeat(30)],
  ])('%s', async (_what, make) => {
    const token = await make();
    expect(token).not.toBe(good);
    expect(await service.reader.read(token)).toBeUndefined();
  });

  it('whatever it is, and nothing is thrown', async () => {
    const part = fc.oneof(fc.constantFrom(...good.split('.')), fc.string(), fc.base64String());
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
        const token = parts.join('.');
        const read = await service.reader.read(token);
        return token === good || read === undefined;
      }),
      { numRuns: 1000 },
    );
  });

  it('more than 5 seconds off, but within 5', async () => {
    for (const change of [{ exp: seconds() - 3 }, { nbf: seconds() + 3 }, { iat: seconds() + 3 }]) {
      expect(await service.reader.read(await signed(change))).toBeDefined();
    }
  });

  it('under a key that is published no more', async () => {
    const other = await aTokenService();
    const retired = { ...other.key, retiredAt: new Date(), sealed: null };
    const token = await other.signer.sign(claims());
    other.repository.keys = [retired];
    await other.ring.reload();
    expect(await other.reader.read(token)).toBeDefined();
    other.repository.keys = [];
    await other.ring.reload();
    expect(await other.reader.read(token)).toBeUndefined();
  });

  it('under a key of another algorithm, which the server has too', async () => {
    const es256 = aSigningKey(await drawSigningKey('ES256', aKeyEncryptionKey()));
    service.repository.keys.push(es256);
    await service.ring.reload();
    expect(await service.reader.read(await signed({}, { kid: es256.kid }))).toBeUndefined();
    const swapped = forged({ ...header(), kid: es256.kid, alg: 'ES256' });
    expect(await service.reader.read(swapped)).toBeUndefined();
  });

  it('nor denied, where the keys can not be had', async () => {
    const other = await aTokenService();
    const token = await other.signer.sign(claims());
    const { reader, repository } = await aTokenService();
    repository.failure = new Error('down');
    await expect(reader.read(token)).rejects.toThrow('down');
  });
});
