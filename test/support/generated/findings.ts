import type { StoredClient } from '../builders.js';
import type { WireAnswer } from '../wire.js';

const MOST = 20;

/** A client that was made on the way. */
export interface FoundClient extends StoredClient {
  readonly secretIds: readonly string[];
}

/** What the answers have told so far, so that later requests are about things that exist. */
export class Findings {
  readonly clients: FoundClient[] = [];
  readonly tokens: string[] = [];
  readonly scopes: string[] = [];
  readonly payments: string[] = [];
  readonly etags: string[] = [];
  readonly cursors = new Map<string, string>();

  /** @param operation the name of the operation that was called with success */
  note(operation: string, { body, headers }: WireAnswer): void {
    const etag = headers.get('etag');
    if (etag !== undefined) keep(this.etags, etag);
    if (headers.get('content-type')?.includes('json') !== true) return;
    const told = JSON.parse(body.toString()) as Readonly<Record<string, unknown>>;
    if (typeof told.next_cursor === 'string') this.cursors.set(operation, told.next_cursor);
    if (operation === 'createClient') {
      const secrets = told.secrets as { secret_id: string }[];
      keep(this.clients, {
        clientId: String(told.client_id),
        clientSecret: String(told.client_secret),
        secretIds: secrets.map(({ secret_id }) => secret_id),
      });
    }
    if (operation === 'issueToken') keep(this.tokens, String(told.access_token));
    if (operation === 'createScope') keep(this.scopes, String(told.scope));
    if (operation === 'createPayment') keep(this.payments, String(told.payment_id));
  }

  /** @param client whose new secret an answer had in it */
  noteSecret(client: FoundClient, { body }: WireAnswer): void {
    const { secret_id, client_secret } = JSON.parse(body.toString()) as Record<string, string>;
    const at = this.clients.indexOf(client);
    if (at < 0 || secret_id === undefined || client_secret === undefined) return;
    const secretIds = [...client.secretIds, secret_id];
    this.clients[at] = { ...client, clientSecret: client_secret, secretIds };
  }
}

function keep<Item>(list: Item[], item: Item): void {
  list.push(item);
  if (list.length > MOST) list.shift();
}
