import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { basicCredentials } from '../../protocol/basic-credentials.js';
import { TokenVerifier, type VerifiedToken } from '../token-verifier.js';
import { askServer, DEFAULT_TIMEOUT_MS, discoveredEndpoint } from './authorization-server.js';
import { MOST_CLOCK_TOLERANCE_SECONDS } from './clock-tolerance.js';
import { tokenOfClaims } from './token-claims.js';

/** What an {@link IntrospectionTokenVerifier} has to be told. */
export interface IntrospectionTokenVerifierOptions {
  /** The identifier of the authorization server: an answer that names another one is refused. */
  readonly issuer?: string;
  /** Where it introspects; left out: where the metadata of the issuer (RFC 8414) says. */
  readonly introspectionEndpoint?: string;
  /** The credentials of this service, a client with the scope `introspection`. */
  readonly clientId: string;
  readonly clientSecret: string;
  /**
   * How long an answer is used again, counted from the moment the question was sent; 0.5 by
   * default. Postern promises that a killed token is refused everywhere within one second, and judges
   * an introspection by its database, at the moment it is asked: that leaves the other half second
   * to a busy service. One that can wait longer may set more.
   */
  readonly cacheSeconds?: number;
  /** The most tokens whose answers are kept; 10,000 by default. */
  readonly cacheSize?: number;
  /** The most questions under way at a time; 200 by default. One more is not asked: 503. */
  readonly maxConcurrent?: number;
  /** For one answer of the authorization server; 2,000 by default. */
  readonly timeoutMs?: number;
}

/** What was asked about one token, and what came back or is to come. */
interface Question {
  readonly askedAt: number;
  readonly answer: Promise<VerifiedToken | undefined>;
}

/**
 * Asks the authorization server about each token (RFC 7662), opaque ones and JWTs alike, and so
 * sees a revocation at once, but for {@link IntrospectionTokenVerifierOptions.cacheSeconds}.
 *
 * A question that is younger than that is shared by all who ask about the same token, answered or
 * not; an older one by nobody: its answer may have been true before a revocation and not after.
 *
 * ```ts
 * new IntrospectionTokenVerifier({ issuer: 'https://auth.example.com', clientId, clientSecret })
 * ```
 */
export class IntrospectionTokenVerifier extends TokenVerifier {
  private readonly questions: LRUCache<string, Question>;
  private readonly cacheMs: number;
  private readonly maxConcurrent: number;
  private readonly timeoutMs: number;
  private readonly endpoint: () => Promise<URL>;
  private readonly issuer: string | undefined;
  private readonly clientId: string;
  /** Out of reach of whatever prints objects. */
  readonly #authorization: string;
  private underWay = 0;

  /** @throws an Error for options that can not be meant; nothing is asked yet */
  constructor(options: IntrospectionTokenVerifierOptions) {
    super();
    const { cacheSeconds = 0.5, clientId, clientSecret } = options;
    if (!(cacheSeconds >= 0)) throw new RangeError('cacheSeconds must not be negative');
    this.cacheMs = cacheSeconds * 1000;
    this.questions = new LRUCache({ max: options.cacheSize ?? 10_000 });
    this.maxConcurrent = options.maxConcurrent ?? 200;
    this.timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.endpoint = endpointOf(options, this.timeoutMs);
    this.issuer = options.issuer;
    this.clientId = clientId;
    this.#authorization = basicCredentials({ clientId, clientSecret });
  }

  /** @throws an Error where the server gave no answer that tells */
  override async verify(token: string): Promise<VerifiedToken | undefined> {
    const verified = await this.answerFor(token);
    return verified !== undefined && isStillGood(verified) ? verified : undefined;
  }

  private answerFor(token: string): Promise<VerifiedToken | undefined> {
    const digest = createHash('sha256').update(token).digest('base64');
    const now = performance.now();
    const last = this.questions.get(digest);
    if (last !== undefined && now - last.askedAt < this.cacheMs) return last.answer;
    const question = { askedAt: now, answer: this.introspect(token) };
    this.questions.set(digest, question);
    // A failure is no answer, and a later question is not this one's to forget.
    question.answer.catch(() => {
      if (this.questions.peek(digest) === question) this.questions.delete(digest);
    });
    return question.answer;
  }

  private async introspect(token: string): Promise<VerifiedToken | undefined> {
    if (this.underWay >= this.maxConcurrent) {
      throw new Error(`${this.underWay} introspections are under way: one more is not asked`);
    }
    this.underWay += 1;
    try {
      return this.judge(await this.ask(token));
    } finally {
      this.underWay -= 1;
    }
  }

  private async ask(token: string): Promise<Readonly<Record<string, unknown>>> {
    const endpoint = await this.endpoint();
    const { status, body } = await askServer(endpoint, this.timeoutMs, {
      method: 'POST',
      headers: { Authorization: this.#authorization, Accept: 'application/json' },
      body: new URLSearchParams({ token }),
    });
    if (status === 200) return body;
    const hint = status === 401 ? `: the secret of client ${this.clientId} is not accepted` : '';
    throw new Error(`${endpoint.href} answered ${status}${hint}`);
  }

  /**
   * Judges an answer (RFC 7662 §2.2), and believes none that leaves open who calls (`client_id`) or
   * for how long (`iat`, `exp`). Those are optional in the RFC; without them nothing can be decided.
   */
  private judge(answer: Readonly<Record<string, unknown>>): VerifiedToken | undefined {
    if (answer.active === false) return undefined;
    if (answer.active !== true) throw new Error('An introspection answer does not say `active`');
    if (!this.isForUs(answer)) return undefined;
    const verified = tokenOfClaims(answer);
    if (verified !== undefined) return verified;
    throw new Error('An introspection answer lacks client_id, iat or exp, or has them malformed');
  }

  /** Refresh tokens are introspected too, and one bound to a key is no bearer token (RFC 9449). */
  private isForUs({ iss, token_type: type, cnf }: Readonly<Record<string, unknown>>): boolean {
    const ofIssuer = this.issuer === undefined || iss === undefined || iss === this.issuer;
    const isBearer =
      type === undefined || (typeof type === 'string' && type.toLowerCase() === 'bearer');
    return ofIssuer && isBearer && cnf === undefined;
  }
}

/** An answer that is used again can outlive the token; one of another clock, a little. */
function isStillGood({ expiresAt }: VerifiedToken): boolean {
  return expiresAt.getTime() + MOST_CLOCK_TOLERANCE_SECONDS * 1000 > Date.now();
}

/** @throws an Error where neither the endpoint nor the issuer is told, or one is no URL */
function endpointOf(
  { issuer, introspectionEndpoint }: IntrospectionTokenVerifierOptions,
  timeoutMs: number,
): () => Promise<URL> {
  if (introspectionEndpoint !== undefined) {
    const url = new URL(introspectionEndpoint);
    return () => Promise.resolve(url);
  }
  if (issuer !== undefined) return discoveredEndpoint(issuer, 'introspection_endpoint', timeoutMs);
  throw new Error('An introspection verifier needs the issuer or the introspectionEndpoint');
}
