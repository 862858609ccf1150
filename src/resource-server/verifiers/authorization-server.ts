import { WELL_KNOWN, wellKnownUrl } from '../../protocol/well-known.js';

/** An answer with its body read. */
export interface JsonAnswer {
  readonly status: number;
  /** Empty where the status is not 200. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** The members of the metadata (RFC 8414 §2, RFC 7662) that a verifier needs. */
export type EndpointName = 'jwks_uri' | 'introspection_endpoint';

/** What a verifier waits for one answer of the authorization server, where it is not told. */
export const DEFAULT_TIMEOUT_MS = 2000;

/**
 * Asks an authorization server. Redirects are not followed: credentials and keys belong to the one
 * address that was configured.
 *
 * @param timeoutMs for the whole answer, its body included
 * @throws an Error that names the address, where there is no answer or a 200 is no JSON object
 */
export async function askServer(
  url: URL,
  timeoutMs: number,
  init: RequestInit = {},
): Promise<JsonAnswer> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, { ...init, redirect: 'error', signal });
    const { status } = response;
    if (status === 200) return { status, body: objectOf(await response.json()) };
    await response.body?.cancel();
    return { status, body: {} };
  } catch (cause) {
    throw new Error(`${url.href} gave no usable answer`, { cause });
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new Error('the body is no JSON object');
}

/**
 * Finds an endpoint of an issuer in its metadata (RFC 8414 §3), when it is first asked for; what
 * was found is kept, a failure is not.
 *
 * @throws (when asked) an Error where there is no metadata, or where it is another issuer's (§3.3)
 */
export function discoveredEndpoint(
  issuer: string,
  name: EndpointName,
  timeoutMs: number,
): () => Promise<URL> {
  const metadata = new URL(wellKnownUrl(issuer, WELL_KNOWN.authorizationServer));
  let found: Promise<URL> | undefined;
  return () => {
    found ??= discover(metadata, issuer, name, timeoutMs).catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
}

async function discover(
  metadata: URL,
  issuer: string,
  name: EndpointName,
  timeoutMs: number,
): Promise<URL> {
  const { status, body } = await askServer(metadata, timeoutMs);
  if (status !== 200) throw new Error(`${metadata.href} answered ${status}`);
  if (body.issuer !== issuer) throw new Error(`${metadata.href} is not the metadata of ${issuer}`);
  const endpoint = body[name];
  if (typeof endpoint === 'string' && URL.canParse(endpoint)) return new URL(endpoint);
  throw new Error(`${metadata.href} names no ${name}`);
}
