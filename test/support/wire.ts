import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const ANSWERED_WITHIN_MS = 10_000;

/** An answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  /** The lines of the head, without the first one. */
  readonly lines: readonly string[];
  /** By name in small letters; of several of one name, the last. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Whether the connection goes on. */
  readonly kept: boolean;
}

/** What stands in the way of an answer: none in time, or a connection that ended before it. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';
}

/**
 * A caller with one connection, that it keeps, and no library in between: it sends bytes as they
 * are, one request after the other, and adds no time of its own to speak of.
 */
export class Wire {
  private socket: Socket | undefined;
  private received: Buffer = Buffer.alloc(0);
  private ended = false;
  private changed: () => void = () => undefined;

  constructor(private readonly baseUrl: string) {}

  /**
   * Sends a request and reads the answer to it.
   *
   * @param request all of it, as it goes over the wire
   * @param hasBody whether the answer may have one: that to HEAD has none
   * @throws NoAnswerError
   */
  async exchange(request: string | Buffer, hasBody = true): Promise<WireAnswer> {
    const socket = await this.open();
    socket.write(request);
    const end = performance.now() + ANSWERED_WITHIN_MS;
    for (;;) {
      const answer = this.take(hasBody);
      if (answer !== undefined && answer.status >= 200) {
        if (!answer.kept) this.close();
        return answer;
      }
      if (answer !== undefined) continue;
      if (this.ended || performance.now() >= end) {
        const why = this.ended ? 'the connection ended' : `no answer in ${ANSWERED_WITHIN_MS} ms`;
        this.close();
        throw new NoAnswerError(why);
      }
      await this.more(end - performance.now());
    }
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }

  private async open(): Promise<Socket> {
    if (this.socket !== undefined && !this.ended) return this.socket;
    this.close();
    const { hostname, port } = new URL(this.baseUrl);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    this.received = Buffer.alloc(0);
    this.ended = false;
    const end = (): void => {
      if (this.socket !== socket) return;
      this.ended = true;
      this.changed();
    };
    socket.on('data', (chunk: Buffer) => {
      this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
      this.changed();
    });
    socket.on('end', end).on('close', end).on('error', end);
    this.socket = socket;
    return socket;
  }

  private async more(withinMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.changed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Takes a whole answer off what was received; undefined where there is none yet. */
  private take(hasBody: boolean): WireAnswer | undefined {
    const headEnd = this.received.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const [first = '', ...lines] = this.received.toString('latin1', 0, headEnd).split('\r\n');
    const headers = new Map(lines.map(nameAndValue));
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${first} `)?.[1]);
    if (Number.isNaN(status)) throw new NoAnswerError(`no status line: ${first}`);
    const rest = this.received.subarray(headEnd + 4);
    const bare = !hasBody || status < 200 || status === 204 || status === 304;
    const body = bare ? { content: Buffer.alloc(0), length: 0 } : bodyOf(headers, rest, this.ended);
    if (body === undefined) return undefined;
    this.received = rest.subarray(body.length);
    const kept = headers.get('connection')?.toLowerCase() !== 'close';
    return { status, lines, headers, body: body.content, kept };
  }
}

function nameAndValue(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

interface FramedBody {
  readonly content: Buffer;
  /** On the wire. */
  readonly length: number;
}

/** @returns undefined where more is to come */
function bodyOf(
  headers: ReadonlyMap<string, string>,
  rest: Buffer,
  ended: boolean,
): FramedBody | undefined {
  if (headers.get('transfer-encoding') === 'chunked') return chunkedBody(rest);
  const length = headers.get('content-length');
  if (length === undefined) return ended ? { content: rest, length: rest.length } : undefined;
  const whole = Number(length);
  return rest.length < whole ? undefined : { content: rest.subarray(0, whole), length: whole };
}

function chunkedBody(rest: Buffer): FramedBody | undefined {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(rest.toString('latin1', at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (rest.length < next) return undefined;
    if (size === 0) return { content: Buffer.concat(parts), length: next };
    parts.push(rest.subarray(lineEnd + 2, next - 2));
    at = next;
  }
}
