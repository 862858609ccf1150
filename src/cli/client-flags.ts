import { Option, type Command } from 'commander';
import {
  ACCESS_TOKEN_FORMATS,
  type AccessTokenFormat,
  type TokenEndpointAuthMethod,
} from '../clients/domain/client.js';
import type { ClientChange } from '../clients/domain/client-change.js';
import { parseScope } from '../protocol/scope.js';
import {
  commaList,
  DEFAULT,
  trueOrFalse,
  valueOf,
  wholeNumberOrDefault,
  type Default,
} from './values.js';

/** The settings of a client as options; their names are the wire's. */
export interface ClientOptions {
  readonly clientName?: string;
  readonly scope?: string;
  readonly description?: string;
  readonly defaultScope?: string;
  readonly grantTypes?: readonly string[];
  readonly tokenEndpointAuthMethod?: TokenEndpointAuthMethod | Default;
  readonly resources?: readonly string[];
  readonly accessTokenFormat?: AccessTokenFormat | Default;
  readonly accessTokenTtl?: number | Default;
  readonly allowedIps?: readonly string[];
  readonly contacts?: readonly string[];
  readonly selfRotation?: boolean;
  readonly tokenQuota?: number | Default;
}

/** Adds the options of a client's settings. */
export function withClientOptions(command: Command): Command {
  return command
    .option('--description <text>', 'what the client is for')
    .option('--default-scope <scopes>', 'the scopes of a token that asks for none')
    .option(
      '--grant-types <list>',
      'client_credentials, or "" for a client that only introspects',
      commaList,
    )
    .addOption(
      new Option(
        '--token-endpoint-auth-method <method>',
        'the only way to send the secret',
      ).choices(['client_secret_basic', 'client_secret_post', DEFAULT]),
    )
    .option('--resources <list>', 'URIs that it may get tokens for, with commas between', commaList)
    .addOption(
      new Option('--access-token-format <format>', 'the form of its tokens').choices([
        ...ACCESS_TOKEN_FORMATS,
        DEFAULT,
      ]),
    )
    .option(
      '--access-token-ttl <seconds>',
      'how long its tokens live, or: default',
      wholeNumberOrDefault,
    )
    .option(
      '--allowed-ips <list>',
      'addresses and CIDR ranges, with commas between; "": from everywhere',
      commaList,
    )
    .option('--contacts <list>', 'e-mail addresses, with commas between', commaList)
    .option('--self-rotation <bool>', 'whether it may give itself a new secret', trueOrFalse)
    .option('--token-quota <number>', 'tokens an hour, or: default', wholeNumberOrDefault);
}

/** The change that the options ask for; the domain judges the values. */
export function changeOf(options: ClientOptions): ClientChange {
  const { scope, defaultScope, tokenEndpointAuthMethod: method } = options;
  return {
    clientName: options.clientName,
    scopes: scope === undefined ? undefined : parseScope(scope),
    description: options.description,
    defaultScopes: defaultScope === undefined ? undefined : parseScope(defaultScope),
    // What is no grant type is refused by the rule of the property.
    grantTypes: options.grantTypes as ClientChange['grantTypes'],
    tokenEndpointAuthMethod: valueOf(method),
    resources: options.resources,
    accessTokenFormat: valueOf(options.accessTokenFormat),
    accessTokenTtlSeconds: valueOf(options.accessTokenTtl),
    allowedIps: options.allowedIps,
    contacts: options.contacts,
    selfRotation: options.selfRotation,
    tokenQuota: valueOf(options.tokenQuota),
  };
}

/** Whether the options ask for nothing. */
export function isNoChange(change: ClientChange): boolean {
  return Object.values(change).every((value) => value === undefined);
}
