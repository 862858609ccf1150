import { normalizedResource } from '../../protocol/resource-indicator.js';
import { isScopeToken, parseScope } from '../../protocol/scope.js';
import { isAddressOrRange } from './address-range.js';
import { ACCESS_TOKEN_FORMATS } from './client.js';
import { isLine } from './text.js';

/** What a single property of a client may be, and how to say so. */
export interface PropertyRule {
  readonly fits: (value: unknown) => boolean;
  /** Goes to the caller; it never repeats what was sent. */
  readonly detail: (value: unknown) => string;
}

const CLIENT_ID = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;
const CONTACT = /^[^\s@<>"]+@[^\s@<>"]+$/u;
const LONGEST_NAME = 200;
const LONGEST_DESCRIPTION = 1000;
const LONGEST_SCOPE = 2000;
const LONGEST_RESOURCE = 1000;
const LONGEST_CONTACT = 254;
const MOST_RESOURCES = 20;
const MOST_ADDRESSES = 100;
const MOST_CONTACTS = 20;
const SHORTEST_TTL_SECONDS = 60;
const LONGEST_TTL_SECONDS = 86_400;
/** What PostgreSQL's `integer` holds. */
const LARGEST_QUOTA = 2_147_483_647;

const GRANT_TYPES = ['client_credentials'];
const AUTH_METHODS = ['client_secret_basic', 'client_secret_post'];

/** The rules of the properties, by their names on the wire (RFC 7591 §2, where it has them). */
export const PROPERTY_RULES = {
  client_id: rule(
    (value) => typeof value === 'string' && CLIENT_ID.test(value),
    'must be 1 to 128 of A-Z a-z 0-9 . _ ~ - and begin with a letter or a digit',
  ),
  client_name: rule(
    (value) => isLine(value, LONGEST_NAME) && value.trim() !== '',
    `must be a text of 1 to ${LONGEST_NAME} characters, without control characters`,
  ),
  description: rule(
    (value) => isLine(value, LONGEST_DESCRIPTION),
    `must be a text of at most ${LONGEST_DESCRIPTION} characters, without control characters`,
  ),
  scope: rule(
    (value) => isScopeList(value) && parseScope(value).length > 0,
    'must be one or more names of scopes, separated by blanks, such as "read write"',
  ),
  default_scope: rule(
    isScopeList,
    'must be names of scopes separated by blanks, such as "read", or empty',
  ),
  grant_types: listRule(
    MOST_RESOURCES,
    (entry) => isOneOf(GRANT_TYPES, entry),
    'must be ["client_credentials"], or [] for a client that only introspects and revokes',
  ),
  token_endpoint_auth_method: rule(
    (value) => value === null || isOneOf(AUTH_METHODS, value),
    'must be client_secret_basic, client_secret_post, or null for either',
  ),
  resources: listRule(
    MOST_RESOURCES,
    isResource,
    `must be at most ${MOST_RESOURCES} absolute URIs without a fragment, such as https://api.example.com/`,
  ),
  access_token_format: rule(
    (value) => isOneOf(ACCESS_TOKEN_FORMATS, value),
    'must be opaque or jwt',
  ),
  access_token_ttl: rule(
    (value) => value === null || isWhole(value, SHORTEST_TTL_SECONDS, LONGEST_TTL_SECONDS),
    `must be a whole number of seconds from ${SHORTEST_TTL_SECONDS} to ${LONGEST_TTL_SECONDS}, or null for the server's own`,
  ),
  allowed_ips: listRule(
    MOST_ADDRESSES,
    (entry) => typeof entry === 'string' && isAddressOrRange(entry),
    `must be at most ${MOST_ADDRESSES} addresses or CIDR ranges, such as 10.0.0.0/8 or 2001:db8::/32`,
  ),
  enabled: rule(isBoolean, 'must be true or false'),
  contacts: listRule(
    MOST_CONTACTS,
    (entry) => isLine(entry, LONGEST_CONTACT) && CONTACT.test(entry),
    `must be at most ${MOST_CONTACTS} e-mail addresses, such as team@example.com`,
  ),
  self_rotation: rule(isBoolean, 'must be true or false'),
  token_quota: rule(
    (value) => value === null || isWhole(value, 1, LARGEST_QUOTA),
    'must be a whole number of tokens an hour from 1 on, or null for no quota',
  ),
} satisfies Record<string, PropertyRule>;

/** A property of a client that can be set, by its name on the wire. */
export type PropertyName = keyof typeof PROPERTY_RULES;

function rule(fits: (value: unknown) => boolean, detail: string): PropertyRule {
  return { fits, detail: () => detail };
}

/** A rule for each entry of a list, which says which entry is wrong. */
function listRule(most: number, fits: (entry: unknown) => boolean, detail: string): PropertyRule {
  return {
    fits: (value) => Array.isArray(value) && value.length <= most && value.every(fits),
    detail: (value) => {
      const wrong = Array.isArray(value) ? value.findIndex((entry) => !fits(entry)) : -1;
      return wrong === -1 ? detail : `${detail}: entry ${wrong + 1} is not`;
    },
  };
}

function isScopeList(value: unknown): value is string {
  return isLine(value, LONGEST_SCOPE) && parseScope(value).every(isScopeToken);
}

/** Without blanks, because a token's audience is kept as a list separated by them. */
function isResource(entry: unknown): boolean {
  return (
    isLine(entry, LONGEST_RESOURCE) && !/\s/u.test(entry) && normalizedResource(entry) !== undefined
  );
}

function isOneOf(allowed: readonly string[], value: unknown): boolean {
  return typeof value === 'string' && allowed.includes(value);
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean';
}
