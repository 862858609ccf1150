import { LONGEST_JWT_TTL_SECONDS } from '../../config/settings.js';
import { DomainError } from '../../errors/domain-error.js';
import type { FieldError } from '../../protocol/problem.js';
import { normalizedResource } from '../../protocol/resource-indicator.js';
import { formatScope } from '../../protocol/scope.js';
import { PROPERTY_RULES, type PropertyName } from './client-properties.js';
import type { ClientSettings, ManagedClient } from './managed-client.js';

/** What is to be different: left out, a setting stays; null puts it back to its default. */
export type ClientChange = {
  readonly [Name in keyof ClientSettings]?: ClientSettings[Name] | null;
};

/** Scopes that have to be asked for by name: what they allow is too much to come by itself. */
const NEVER_BY_DEFAULT = ['admin', 'introspection'];

const DEFAULTS: Omit<ClientSettings, 'clientName' | 'scopes' | 'defaultScopes'> = {
  description: '',
  grantTypes: ['client_credentials'],
  tokenEndpointAuthMethod: null,
  resources: [],
  accessTokenFormat: 'opaque',
  accessTokenTtlSeconds: null,
  allowedIps: [],
  enabled: true,
  contacts: [],
  selfRotation: false,
  tokenQuota: null,
};

/**
 * The settings of a client that is to be made.
 *
 * @param catalogue the scopes that exist, in the order in which they are listed
 * @throws DomainError `validation_failed` with a pointer to each fault
 */
export function settingsOf(change: ClientChange, catalogue: readonly string[]): ClientSettings {
  return changed(
    { ...DEFAULTS, clientName: '', scopes: [], defaultScopes: [] },
    { ...change, defaultScopes: change.defaultScopes ?? null },
    catalogue,
  );
}

/**
 * The settings of a client after a change. A scope that it loses is lost to its default ones too,
 * unless those are set as well.
 *
 * @throws DomainError `validation_failed` with a pointer to each fault
 */
export function changed(
  before: ClientSettings,
  change: ClientChange,
  catalogue: readonly string[],
): ClientSettings {
  const scopes = change.scopes === undefined ? before.scopes : (change.scopes ?? []);
  const after: ClientSettings = {
    clientName: change.clientName === undefined ? before.clientName : (change.clientName ?? ''),
    description: settled(change.description, before.description, DEFAULTS.description),
    scopes: catalogue.filter((name) => scopes.includes(name)),
    defaultScopes: defaultScopes(before, change, scopes, catalogue),
    grantTypes: distinct(settled(change.grantTypes, before.grantTypes, DEFAULTS.grantTypes)),
    tokenEndpointAuthMethod: settled(
      change.tokenEndpointAuthMethod,
      before.tokenEndpointAuthMethod,
      DEFAULTS.tokenEndpointAuthMethod,
    ),
    resources: distinctResources(settled(change.resources, before.resources, DEFAULTS.resources)),
    accessTokenFormat: settled(
      change.accessTokenFormat,
      before.accessTokenFormat,
      DEFAULTS.accessTokenFormat,
    ),
    accessTokenTtlSeconds: settled(
      change.accessTokenTtlSeconds,
      before.accessTokenTtlSeconds,
      DEFAULTS.accessTokenTtlSeconds,
    ),
    allowedIps: distinct(settled(change.allowedIps, before.allowedIps, DEFAULTS.allowedIps)),
    enabled: settled(change.enabled, before.enabled, DEFAULTS.enabled),
    contacts: distinct(settled(change.contacts, before.contacts, DEFAULTS.contacts)),
    selfRotation: settled(change.selfRotation, before.selfRotation, DEFAULTS.selfRotation),
    tokenQuota: settled(change.tokenQuota, before.tokenQuota, DEFAULTS.tokenQuota),
  };
  assertValid(after, [
    ...scopeFaults(change.scopes ?? [], catalogue),
    ...defaultScopeFaults(change.defaultScopes ?? [], scopes),
    ...ttlFaults(after),
  ]);
  return after;
}

/** The settings by their names on the wire (RFC 7591 §2): for the audit trail, and for pointers. */
export function onTheWire(settings: ClientSettings): Record<SettingName, unknown> {
  return {
    client_name: settings.clientName,
    description: settings.description,
    scope: formatScope(settings.scopes),
    default_scope: formatScope(settings.defaultScopes),
    grant_types: settings.grantTypes,
    token_endpoint_auth_method: settings.tokenEndpointAuthMethod,
    resources: settings.resources,
    access_token_format: settings.accessTokenFormat,
    access_token_ttl: settings.accessTokenTtlSeconds,
    allowed_ips: settings.allowedIps,
    enabled: settings.enabled,
    contacts: settings.contacts,
    self_rotation: settings.selfRotation,
    token_quota: settings.tokenQuota,
  };
}

/** Whether two settings are the same to whoever reads them. */
export function sameSettings(one: ClientSettings, other: ClientSettings): boolean {
  return JSON.stringify(onTheWire(one)) === JSON.stringify(onTheWire(other));
}

/** What the audit trail tells of a client: all that decides, and of a secret what may be shown. */
export function audited(client: ManagedClient): Record<string, unknown> {
  return {
    ...onTheWire(client),
    secrets: client.secrets.map(({ secretId, hint, expiresAt }) => ({
      secret_id: secretId,
      hint,
      expires_at: expiresAt,
    })),
  };
}

/** A setting as it is to be: left out, it stays; null, it takes its default. */
function settled<Value>(wanted: Value | null | undefined, before: Value, usual: Value): Value {
  return wanted === undefined ? before : (wanted ?? usual);
}

type SettingName = Exclude<PropertyName, 'client_id'>;

function defaultScopes(
  before: ClientSettings,
  { defaultScopes: asked }: ClientChange,
  scopes: readonly string[],
  catalogue: readonly string[],
): readonly string[] {
  const ordered = catalogue.filter((name) => scopes.includes(name));
  if (asked === null) return ordered.filter((name) => !NEVER_BY_DEFAULT.includes(name));
  return ordered.filter((name) => (asked ?? before.defaultScopes).includes(name));
}

function scopeFaults(scopes: readonly string[], catalogue: readonly string[]): FieldError[] {
  if (scopes.every((name) => catalogue.includes(name))) return [];
  return [
    {
      pointer: '/scope',
      detail: scopes.some((name) => name.includes(','))
        ? 'has a comma in it: separate the scopes by blanks'
        : 'names a scope that does not exist: GET /scopes/ lists those that do',
    },
  ];
}

function defaultScopeFaults(asked: readonly string[], scopes: readonly string[]): FieldError[] {
  if (asked.every((name) => scopes.includes(name))) return [];
  return [{ pointer: '/default_scope', detail: 'must be a part of scope' }];
}

function ttlFaults({ accessTokenFormat, accessTokenTtlSeconds }: ClientSettings): FieldError[] {
  if (accessTokenFormat !== 'jwt') return [];
  if ((accessTokenTtlSeconds ?? 0) <= LONGEST_JWT_TTL_SECONDS) return [];
  return [
    {
      pointer: '/access_token_ttl',
      detail: `must be at most ${LONGEST_JWT_TTL_SECONDS} where access_token_format is jwt: services that check a JWT by themselves take it until it expires`,
    },
  ];
}

/** Each property by its rule again: a body has been checked by then, a command line has not. */
function assertValid(settings: ClientSettings, further: readonly FieldError[]): void {
  const values = onTheWire(settings);
  const named = new Set(further.map(({ pointer }) => pointer));
  const faults = (Object.keys(values) as SettingName[])
    .filter((name) => !PROPERTY_RULES[name].fits(values[name]) && !named.has(`/${name}`))
    .map((name) => ({ pointer: `/${name}`, detail: PROPERTY_RULES[name].detail(values[name]) }));
  const errors = [...faults, ...further];
  if (errors.length > 0) throw invalid(errors);
}

/** A refusal of what was asked for, with a pointer to each fault. */
export function invalid(errors: readonly FieldError[]): DomainError {
  return new DomainError('validation_failed', 'The body has faults: see errors.', { errors });
}

function distinct<Entry>(entries: readonly Entry[]): readonly Entry[] {
  return [...new Set(entries)];
}

/** Two spellings of one URI are one resource (RFC 8707 §2); the first one stays. */
function distinctResources(resources: readonly string[]): readonly string[] {
  const seen = new Set<string | undefined>();
  return resources.filter((resource) => {
    const normal = normalizedResource(resource);
    return seen.has(normal) ? false : seen.add(normal);
  });
}
