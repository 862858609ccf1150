/** SSLRequest and GSSENCRequest: a start-up packet may follow, once the server has said no. */
const REQUESTS_OF_ENCRYPTION: ReadonlySet<number> = new Set([80877103, 80877104]);
const PROTOCOL_3 = 3;

/**
 * Reads the `application_name` out of what a client of PostgreSQL sends first (PostgreSQL's
 * protocol, "Message Formats": StartupMessage). Of a connection that is encrypted, or that cancels
 * another, no name is known.
 */
export class StartUpPacket {
  private received = Buffer.alloc(0);
  private done = false;
  private name: string | undefined;

  /** Whether all of it has come. */
  get complete(): boolean {
    return this.done;
  }

  /** Undefined where it has none, or where it is not known yet. */
  get applicationName(): string | undefined {
    return this.name;
  }

  /** Takes the next bytes that the client sent. */
  push(chunk: Buffer): void {
    if (this.done) return;
    this.received = Buffer.concat([this.received, chunk]);
    while (!this.done && this.received.length >= 8) {
      const length = this.received.readUInt32BE(0);
      const code = this.received.readUInt32BE(4);
      if (REQUESTS_OF_ENCRYPTION.has(code)) {
        this.received = this.received.subarray(length);
      } else if (code >>> 16 !== PROTOCOL_3) {
        this.done = true;
      } else if (this.received.length >= length) {
        this.name = parametersIn(this.received.subarray(8, length)).get('application_name');
        this.done = true;
      } else {
        return;
      }
    }
  }
}

/** Names and values by turns, each with a zero byte behind it. */
function parametersIn(bytes: Buffer): Map<string, string> {
  const texts = bytes.toString('utf8').split('\0');
  const parameters = new Map<string, string>();
  for (let place = 0; place + 1 < texts.length; place += 2) {
    parameters.set(texts[place] ?? '', texts[place + 1] ?? '');
  }
  return parameters;
}
