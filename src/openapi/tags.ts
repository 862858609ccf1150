import type { OpenAPIObject, TagObject } from '@nestjs/swagger';
import { operationsOf } from './operations.js';

/** In the order of work: what one does first, then the features, then what one seldom needs. */
const BEFORE_THE_FEATURES = ['Get a token', 'Clients', 'Secrets', 'Scopes', 'Audit'];
const AFTER_THE_FEATURES = ['Operations', 'Discover', 'Errors'];

const SENTENCES: Readonly<Record<string, string | undefined>> = {
  'Get a token': 'Trade the id and the secret of a client for an access token.',
  Clients: 'The OAuth apps: machines that may get tokens, and what each may do.',
  Secrets: 'Give clients new secrets, watch who still uses the old ones, and retire them.',
  Scopes: 'What clients can be allowed to do: the catalogue of the scopes that exist.',
  Audit: 'Who did what, why a caller was refused, and which route needs which scope.',
  Payments: 'The protected example: payments that a client makes and sees.',
  Discover: 'What this server can do, for programs that set themselves up.',
  Operations: 'Whether the server lives, is ready, and what it measures: for those who run it.',
  Errors: 'What each error means, its likely causes and what to try.',
};

/**
 * The tags that the operations of a document have, and no others, in the order of work, each with
 * its sentence. A tag that is not known here is a feature's: it keeps its place among them, and
 * has a sentence that a feature can replace by one of its own above.
 */
export function tagsOf(document: OpenAPIObject): TagObject[] {
  const used = new Set(operationsOf(document).flatMap(({ tags }) => tags ?? []));
  const placed = [...BEFORE_THE_FEATURES, ...AFTER_THE_FEATURES];
  const features = [...used].filter((name) => !placed.includes(name));
  return [...BEFORE_THE_FEATURES, ...features, ...AFTER_THE_FEATURES]
    .filter((name) => used.has(name))
    .map((name) => ({ name, description: SENTENCES[name] ?? `What the feature ${name} offers.` }));
}
