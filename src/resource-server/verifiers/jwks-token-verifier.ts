import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { TokenVerifier, type VerifiedToken } from '../token-verifier.js';
import { DEFAULT_TIMEOUT_MS, discoveredEndpoint } from './authorization-server.js';
import { checkedClockTolerance } from './clock-tolerance.js';
import { tokenOfClaims } from './token-claims.js';
import { isCompactJws } from '../../protocol/compact-jws.js';

/** Algorithms whose keys can be published: none with a shared secret, and never `none`. */
const SIGNATURE_ALGORITHM = /^(?:(?:RS|PS|ES)(?:256|384|512)|EdDSA|Ed25519)$/;
const DEFAULT_ALGORITHMS = ['EdDSA', 'ES256', 'RS256'];

/** RFC 9068 §2.2: what every JWT access token has. */
const REQUIRED_CLAIMS = ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'];

/** What is wrong with a token, in contrast to what keeps us from finding out. */
const FAULTS_OF_THE_TOKEN = [
  errors.JWTExpired,
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

/** What a {@link JwksTokenVerifier} has to be told. */
export interface JwksTokenVerifierOptions {
  /** The identifier of the authorization server, letter for letter as `iss` has it. */
  readonly issuer: string;
  /** Where its public keys are; left out: where its metadata (RFC 8414) says. */
  readonly jwksUri?: string;
  /** The algorithms that are taken; EdDSA, ES256 and RS256 by default. */
  readonly algorithms?: readonly string[];
  /** How far the clocks may differ: 0 to 5, 5 by default. */
  readonly clockToleranceSeconds?: number;
  /** How long fetched keys are used; 600 by default. A withdrawn key dies after that at the latest. */
  readonly keysMaxAgeSeconds?: number;
  /** The least time between two fetches for a `kid` that is not known; 10 by default. */
  readonly keysCooldownSeconds?: number;
  /** For one answer of the authorization server; 2,000 by default. */
  readonly timeoutMs?: number;
}

/**
 * Checks JWT access tokens (RFC 9068 §4) by their signature alone, with the keys that the
 * authorization server publishes (RFC 7517). It asks nobody about the single token; so it sees a
 * revocation only when the token expires.
 *
 * ```ts
 * new JwksTokenVerifier({ issuer: 'https://auth.example.com' })
 * ```
 */
export class JwksTokenVerifier extends TokenVerifier {
  private readonly issuer: string;
  private readonly algorithms: string[];
  private readonly clockTolerance: number;
  private readonly keysUrl: () => Promise<URL>;
  private keys: JWTVerifyGetKey | undefined;

  /** @throws an Error for options that can not be meant; nothing is fetched yet */
  constructor(private readonly options: JwksTokenVerifierOptions) {
    super();
    const { issuer, jwksUri, algorithms = DEFAULT_ALGORITHMS, timeoutMs } = options;
    this.issuer = issuer;
    this.algorithms = algorithms.map(checkedAlgorithm);
    this.clockTolerance = checkedClockTolerance(options.clockToleranceSeconds);
    const url = jwksUri === undefined ? undefined : new URL(jwksUri);
    this.keysUrl =
      url === undefined
        ? discoveredEndpoint(issuer, 'jwks_uri', timeoutMs ?? DEFAULT_TIMEOUT_MS)
        : () => Promise.resolve(url);
  }

  /** @throws an Error where the key is not known and the published ones can not be fetched */
  override async verify(token: string): Promise<VerifiedToken | undefined> {
    if (!isCompactJws(token)) return undefined;
    try {
      const { payload } = await jwtVerify(token, this.keyFor, {
        algorithms: this.algorithms,
        typ: 'at+jwt',
        issuer: this.issuer,
        requiredClaims: REQUIRED_CLAIMS,
        clockTolerance: this.clockTolerance,
      });
      return tokenOfClaims(payload);
    } catch (error) {
      if (isFaultOfTheToken(error)) return undefined;
      throw error;
    }
  }

  /** Looked for only once the header has passed: who sends nonsense makes us fetch nothing. */
  private readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    try {
      const url = await this.keysUrl();
      this.keys ??= this.keysAt(url);
      return await this.keys(header, token);
    } catch (cause) {
      if (isFaultOfTheToken(cause)) throw cause;
      throw new Error(`The keys of ${this.issuer} can not be had`, { cause });
    }
  };

  private keysAt(url: URL): JWTVerifyGetKey {
    const { keysMaxAgeSeconds = 600, keysCooldownSeconds = 10, timeoutMs } = this.options;
    return createRemoteJWKSet(url, {
      timeoutDuration: timeoutMs ?? DEFAULT_TIMEOUT_MS,
      cacheMaxAge: keysMaxAgeSeconds * 1000,
      cooldownDuration: keysCooldownSeconds * 1000,
    });
  }
}

function isFaultOfTheToken(error: unknown): boolean {
  return FAULTS_OF_THE_TOKEN.some((fault) => error instanceof fault);
}

/** @throws an Error for an algorithm with which everybody who can check could also sign */
function checkedAlgorithm(algorithm: string): string {
  if (SIGNATURE_ALGORITHM.test(algorithm)) return algorithm;
  throw new Error(`${algorithm} is no signature algorithm with a public key`);
}
