import { createHash, timingSafeEqual } from 'node:crypto';

/** The one client, which every peer and floor has in memory. */
export const CLIENT_ID = process.env.CLIENT_ID ?? '';
export const CLIENT_SECRET = process.env.CLIENT_SECRET ?? '';
export const SCOPES = ['read', 'write'];
export const TTL_SECONDS = 36_000;

const digest = sha256(CLIENT_SECRET);

function sha256(text) {
  return createHash('sha256').update(text).digest();
}

/** Compares a secret as this project's server does: by its SHA-256, in constant time. */
export function isClient(id, secret) {
  return id === CLIENT_ID && timingSafeEqual(sha256(secret), digest);
}

/** Reads HTTP Basic, and says whether it is the client's. */
export function isAuthorized(header = '') {
  const [id = '', secret = ''] = Buffer.from(header.slice(6), 'base64').toString().split(':');
  return header.startsWith('Basic ') && isClient(id, secret);
}
