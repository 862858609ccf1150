import { Option, type Command } from 'commander';
import {
  AUDIT_ACTIONS,
  AUDIT_OUTCOMES,
  type AuditAction,
  type AuditOutcome,
} from '../../audit/domain/audit-event.js';
import { decodeCursor, encodeCursor } from '../../audit/http/audit-cursor.js';
import { toAuditEventDto } from '../../audit/http/audit-event.presenter.js';
import { showEvents } from '../audit-views.js';
import { noun, verb, type Cli, type JsonOption } from '../command.js';
import { CliError, EXIT } from '../exit-code.js';
import { explain } from '../explanation.js';
import type { Services } from '../services.js';
import { visible } from '../text.js';
import { instant, limit } from '../values.js';

/** A request does few things; folded events may name the same request again. */
const MOST_EVENTS_OF_REQUEST = 50;

/** `audit`: who did what, and who was refused. */
export function addAuditCommands(program: Command, cli: Cli): void {
  const audit = noun(program, 'audit', 'who did what, and why callers were refused', [
    'audit why REQUEST-ID',
    'audit list --outcome failure',
  ]);
  addList(audit, cli);
  addWhy(audit, cli);
}

interface ListOptions extends JsonOption {
  readonly clientId?: string;
  readonly actor?: string;
  readonly action?: AuditAction;
  readonly outcome?: AuditOutcome;
  readonly requestId?: string;
  readonly from?: Date;
  readonly to?: Date;
  readonly limit: number;
  readonly cursor?: string;
}

function addList(audit: Command, cli: Cli): void {
  verb(audit, 'list', 'list events, newest first', [
    'audit list',
    'audit list --client-id Xw3kPq81ZrTb --outcome failure',
    'audit list --actor os:ops --from 2026-01-01',
  ])
    .option('--client-id <id>', 'what was done to this client, or tried as it')
    .option('--actor <name>', 'what this client, or os:USER, did')
    .addOption(new Option('--action <action>', 'events of this kind').choices(AUDIT_ACTIONS))
    .addOption(new Option('--outcome <outcome>', 'that ended so').choices(AUDIT_OUTCOMES))
    .option('--request-id <id>', 'of this request')
    .option('--from <time>', 'at or after', instant)
    .option('--to <time>', 'before', instant)
    .option('--limit <number>', 'how many at most, to 200', limit, 50)
    .option('--cursor <cursor>', 'the next part, as the part before named it')
    .action((options: ListOptions) => cli.run((services) => list(services, cli, options)));
}

async function list(
  { trail }: Services,
  { terminal }: Cli,
  { json, limit: most, cursor, ...filter }: ListOptions,
): Promise<void> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  // One more than asked for tells whether there is a next part.
  const events = await trail.find(filter, most + 1, after);
  const page = events.slice(0, most);
  const last = page.at(-1);
  const next = events.length > most && last ? encodeCursor(last.position) : null;
  const items = page.map(toAuditEventDto);
  if (json) return terminal.json({ items, next_cursor: next });
  showEvents(terminal, items);
  if (next !== null) terminal.note(`The next part: the same with --cursor ${next}`);
  else terminal.next('audit', 'why', 'REQUEST-ID');
}

function addWhy(audit: Command, cli: Cli): void {
  verb(audit, 'why <request_id>', 'tell the true reason of a refusal', [
    'audit why 7d0c5b8e-3f0e-4a53-9a53-0f8f3a4f6a55',
    'audit why 7d0c5b8e-3f0e-4a53-9a53-0f8f3a4f6a55 --json | jq -r .items[0].explanation',
  ]).action((requestId: string, options: JsonOption) =>
    cli.run((services) => why(services, cli, requestId, options)),
  );
}

async function why(
  { trail, settings }: Services,
  { terminal }: Cli,
  requestId: string,
  { json }: JsonOption,
): Promise<void> {
  const events = (await trail.find({ requestId }, MOST_EVENTS_OF_REQUEST)).map(toAuditEventDto);
  if (events.length === 0) throw nothingRecorded(settings.auditRetentionDays);
  const items = events.map((event) => Object.assign({}, event, explain(event)));
  if (json) return terminal.json({ items });
  for (const { time, explanation, remedy } of items) {
    terminal.data(visible(`${time}  ${explanation}`));
    if (remedy !== null) terminal.note(visible(`What to do: ${remedy}`));
  }
  const clientId = events[0]?.client_id;
  if (clientId !== null && clientId !== undefined) {
    terminal.next('audit', 'list', '--client-id', visible(clientId));
  }
}

function nothingRecorded(retentionDays: number): CliError {
  return new CliError(
    EXIT.notFound,
    `Nothing is recorded of this request. Failed authentications and changes are, within 2 s, for ${retentionDays} days; a token's refusal (401 with invalid_token, 403) is not. Compare the id with the X-Request-Id of the answer.`,
  );
}
