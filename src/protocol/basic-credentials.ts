import { isUtf8 } from 'node:buffer';
import { MalformedRequestError } from './malformed-request.js';

/** A client id with the secret that came with it. */
export interface PresentedCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

const SCHEME = /^basic(?: |$)/i;
/** Whole groups of four, and a last one that may lack its padding. */
const BASE64 = /^(?=.)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;
const CONTROL = /\p{Cc}/u;

/**
 * Reads the value of an `Authorization: Basic` header (RFC 7617, RFC 6749 §2.3.1).
 *
 * Both halves are to be form-encoded, yet most clients send them as they are. So there can be
 * two readings: the decoded one first, then the raw one, where they differ. A half that is no
 * valid form-encoding is taken as it stands.
 *
 * @param authorization the header's whole value, scheme included
 * @returns one or two readings, to be tried in turn as one attempt; undefined for another scheme
 * @throws MalformedRequestError for what is not base64 of UTF-8, has no colon, or holds a
 *   control character (`echo` without `-n` adds a line break)
 */
export function parseBasicCredentials(authorization: string): PresentedCredentials[] | undefined {
  if (!SCHEME.test(authorization)) return undefined;
  const text = decodeBase64(authorization.slice('basic'.length).trim());
  const holdsControl = CONTROL.test(text);
  if (holdsControl && /[\r\n]$/.test(text)) {
    throw new MalformedRequestError(
      'The credentials in the Basic header end with a line break. Encode them without one, for example with echo -n.',
    );
  }
  const colon = text.indexOf(':');
  if (colon === -1) {
    throw new MalformedRequestError(
      'The Basic header has no colon. Encode client_id:client_secret in base64, both joined by one colon.',
    );
  }
  const found = readings(text.slice(0, colon), text.slice(colon + 1));
  // Where there is none in the text, only an escape may hide one, which makes a reading more.
  const mayHoldControl = holdsControl || found.length > 1;
  if (
    mayHoldControl &&
    found.some(({ clientId, clientSecret }) => CONTROL.test(clientId + clientSecret))
  ) {
    throw new MalformedRequestError(
      'The credentials in the Basic header hold a control character.',
    );
  }
  return found;
}

/**
 * Writes the value of an `Authorization: Basic` header (RFC 7617), both halves form-encoded
 * (RFC 6749 §2.3.1).
 */
export function basicCredentials({ clientId, clientSecret }: PresentedCredentials): string {
  const text = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`;
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

/** Leaves `~` as it is, unlike URLSearchParams: for servers that do not decode. */
function formEncoded(half: string): string {
  return encodeURIComponent(half).replaceAll('%20', '+');
}

function decodeBase64(encoded: string): string {
  if (!BASE64.test(encoded)) {
    throw new MalformedRequestError(
      'The Basic header is not base64. Encode client_id:client_secret in base64 on one line.',
    );
  }
  const bytes = Buffer.from(encoded, 'base64');
  if (isUtf8(bytes)) return bytes.toString();
  throw new MalformedRequestError('The credentials in the Basic header are not UTF-8.');
}

function readings(rawId: string, rawSecret: string): PresentedCredentials[] {
  const raw = { clientId: rawId, clientSecret: rawSecret };
  const decoded = { clientId: formDecoded(rawId), clientSecret: formDecoded(rawSecret) };
  const same = decoded.clientId === rawId && decoded.clientSecret === rawSecret;
  return same ? [raw] : [decoded, raw];
}

function formDecoded(half: string): string {
  if (!half.includes('%') && !half.includes('+')) return half;
  try {
    return decodeURIComponent(half.replaceAll('+', ' '));
  } catch {
    return half;
  }
}
