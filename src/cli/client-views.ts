import type { ClientDto, ListedClientDto } from '../clients/http/dto/client.dto.js';
import type { SecretDto } from '../clients/http/dto/secret.dto.js';
import type { Terminal } from './terminal.js';
import { shownTime } from './text.js';

/** Shows clients, one a line. */
export function showClients(terminal: Terminal, clients: readonly ListedClientDto[]): void {
  const rows = clients.map((client) => [
    client.client_id,
    client.client_name,
    client.scope,
    client.enabled ? 'enabled' : 'disabled',
    shownTime(client.last_used_at, 'never'),
    String(client.secrets.length),
    shownTime(client.next_secret_expiry, 'none'),
    shownTime(client.created_at, ''),
  ]);
  terminal.table(
    ['CLIENT ID', 'NAME', 'SCOPE', 'STATUS', 'LAST USED', 'SECRETS', 'NEXT EXPIRY', 'CREATED'],
    rows,
  );
}

/** Shows all of a client, by the names of the wire. */
export function showClient(terminal: Terminal, { secrets, ...client }: ClientDto): void {
  terminal.fields(Object.entries(client).map(([name, value]) => [name, shownValue(value)]));
  if (secrets.length === 0) return;
  terminal.data('');
  showSecrets(terminal, secrets);
}

/** Shows the secrets of a client, without themselves. */
export function showSecrets(terminal: Terminal, secrets: readonly SecretDto[]): void {
  const rows = secrets.map((secret) => [
    secret.secret_id,
    secret.hint,
    shownTime(secret.created_at, ''),
    shownTime(secret.expires_at, 'never'),
    shownTime(secret.last_used_at, 'never'),
    secret.last_used_address ?? '',
  ]);
  terminal.table(['SECRET ID', 'HINT', 'CREATED', 'EXPIRES', 'LAST USED', 'FROM'], rows);
}

/** Shows a document by its own names, such as that of a new secret. */
export function showDocument(terminal: Terminal, document: object): void {
  terminal.fields(Object.entries(document).map(([name, value]) => [name, shownValue(value)]));
}

function shownValue(value: unknown): string {
  if (value === null) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}
