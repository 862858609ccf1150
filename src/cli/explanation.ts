import type { AuditEventDto } from '../audit/http/dto/audit-event.dto.js';

/** What happened in a request, in words, and what to do about it. */
export interface Explanation {
  readonly explanation: string;
  /** Null where there is nothing to mend. */
  readonly remedy: string | null;
}

interface Meaning {
  readonly pattern: RegExp;
  readonly words: (clientId: string, part: string, rest: string) => string;
  readonly remedy: string;
}

/** The reasons that the authentication of a client records, and what they mean. */
const MEANINGS: readonly Meaning[] = [
  {
    pattern: /^unknown client$/,
    words: (clientId) => `There was no client with the id "${clientId}".`,
    remedy: 'Compare the id with that in: clients list. Ids are case-sensitive.',
  },
  {
    pattern: /^wrong secret$/,
    words: (clientId) => `The client "${clientId}" exists, but the secret is none of its own.`,
    remedy:
      'The caller has to send the right one; where it is lost, give the client a new one: secrets rotate.',
  },
  {
    pattern: /^secret …(\S+) expired at (\S+)$/,
    words: (_clientId, hint, time) =>
      `The secret was right once: it is the one that ends with ${hint}, and it expired at ${time}.`,
    remedy: 'The caller has to use a newer secret; make one with: secrets rotate.',
  },
  {
    pattern: /^client is disabled$/,
    words: (clientId) => `Id and secret were right, but the client "${clientId}" is switched off.`,
    remedy: 'If it may work again: clients enable.',
  },
  {
    pattern: /^client may only use (\S+)$/,
    words: (_clientId, method) =>
      `Id and secret were right, but this client may only send its secret as ${method}.`,
    remedy:
      'The caller has to send it so, or allow both: clients update … --token-endpoint-auth-method default.',
  },
  {
    pattern: /^address (\S+) is not allowed$/,
    words: (_clientId, address) =>
      `Id and secret were right, but the address ${address} is not among those allowed to this client.`,
    remedy: 'If the address is a good one, add it: clients update … --allowed-ips.',
  },
];

/** Explains an event to whoever asks why a request was answered as it was. */
export function explain(event: AuditEventDto): Explanation {
  return event.action === 'authentication.failed' ? explainFailure(event) : explainChange(event);
}

function explainFailure({ client_id, address, reason, count }: AuditEventDto): Explanation {
  const found = (reason ?? '').split('; ').map((single) => meaningOf(client_id ?? 'many', single));
  const told = [...new Set(found.map(({ explanation }) => explanation))].join(' ');
  const from = address === null ? 'many addresses' : address;
  const folded = count > 1 ? ` It stands for ${count} such attempts within a minute.` : '';
  return {
    explanation: `The client could not be authenticated, from ${from}. ${told}${folded}`,
    remedy: found[0]?.remedy ?? null,
  };
}

function meaningOf(clientId: string, reason: string): Explanation {
  for (const { pattern, words, remedy } of MEANINGS) {
    const match = pattern.exec(reason);
    if (match) return { explanation: words(clientId, match[1] ?? '', match[2] ?? ''), remedy };
  }
  return { explanation: `The reason: ${reason === '' ? 'not recorded' : reason}.`, remedy: null };
}

function explainChange({ action, actor, client_id, changes, reason }: AuditEventDto): Explanation {
  const whom = client_id === null ? '' : ` of the client "${client_id}"`;
  const names = Object.keys(changes ?? {});
  const what = names.length === 0 ? '' : ` Changed: ${names.join(', ')}.`;
  const why = reason === null ? '' : ` (${reason})`;
  return {
    explanation: `It was not refused: ${actor} did ${action}${whom}${why}.${what}`,
    remedy: null,
  };
}
