import type { Dice } from './dice.js';
import type { Findings } from './findings.js';

/** What of a JSON Schema the values are made by. */
export interface ValueSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly example?: unknown;
  readonly items?: ValueSchema;
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly required?: readonly string[];
}

type Maker = (dice: Dice, found: Findings) => unknown;

const SCOPES = ['read', 'write', 'read write', 'write read', 'introspection', 'admin', 'read'];

/** What the schema alone does not tell: texts that mean something. */
const BY_NAME: Readonly<Record<string, Maker>> = {
  client_id: (dice) => `c${dice.letters(11)}`,
  client_name: (dice) => dice.pick(['Billing', 'Zü 請求書', `Name ${dice.letters(5)}`]),
  description: (dice) => `About ${dice.letters(8)}`,
  scope: (dice) => dice.pick(SCOPES),
  default_scope: (dice) => dice.pick(['read', 'read write', '']),
  grant_types: (dice) => dice.pick([['client_credentials'], ['client_credentials'], []]),
  token_endpoint_auth_method: (dice) =>
    dice.pick([null, null, 'client_secret_basic', 'client_secret_post']),
  resources: (dice) => dice.pick([[], [], ['https://api.example.com/']]),
  allowed_ips: (dice) => dice.pick([[], [], [], ['127.0.0.0/8'], ['10.0.0.0/8', '2001:db8::/32']]),
  contacts: (dice) => dice.pick([[], ['team@example.com']]),
  access_token_ttl: (dice) => dice.pick([null, 60, 3600, 86_400]),
  token_quota: (dice) => dice.pick([null, null, 1, 1000]),
  enabled: (dice) => !dice.chance(0.1),
  expires_previous_in: (dice) => dice.pick([0, 1, 3600]),
  revoke_tokens: (dice) => dice.chance(0.2),
  grant_type: () => 'client_credentials',
  resource: () => undefined,
  token: (dice, { tokens }) => dice.pick([...tokens, dice.letters(30)]),
  token_type_hint: (dice) => dice.pick(['access_token', 'refresh_token', 'x']),
  amount: (dice) => dice.pick(['12.50', '1', '0.01', '999999999999999']),
  currency: (dice) => dice.pick(['EUR', 'USD', 'JPY', 'KWD', 'CHF']),
  reference: (dice) => `Invoice ${dice.letters(6)}`,
  q: (dice) => dice.pick(['b', 'Name', 'c', '%', '_']),
  sort: (dice) => dice.pick(['client_name', '-created_at', 'last_used_at', '-last_used_at']),
  action: (dice) => dice.pick(['client.created', 'authentication.failed', 'scope.deleted']),
};

/** A value that fits a property, as far as the document tells. */
export function fittingValue(name: string, schema: ValueSchema, dice: Dice, found: Findings) {
  const byName = Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined;
  if (byName !== undefined) return byName(dice, found);
  if (schema.enum !== undefined) return dice.pick(schema.enum);
  const [type] = [schema.type ?? 'string'].flat();
  if (type === 'boolean') return dice.chance(0.5);
  if (type === 'integer') {
    const { minimum = 0, maximum = 1000 } = schema;
    return dice.pick([minimum, maximum, minimum + dice.below(maximum - minimum + 1)]);
  }
  if (type === 'array') return [];
  if (schema.format === 'date-time') return dice.pick(['2099-01-01T00:00:00Z', '2098-12-31']);
  return `x${dice.letters(7)}`;
}

/** An object that fits a schema: what is required, and some of the rest. */
export function fittingObject(
  schema: ValueSchema,
  dice: Dice,
  found: Findings,
): Record<string, unknown> {
  const { properties = {}, required = [] } = schema;
  const names = Object.keys(properties).filter(
    (name) => required.includes(name) || dice.chance(0.25),
  );
  return Object.fromEntries(
    names.map((name) => [name, fittingValue(name, properties[name] ?? {}, dice, found)]),
  );
}
