import { createInterface } from 'node:readline';
import { fields, table } from './table.js';
import { shellWord } from './text.js';

/** The three streams of the process. */
export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Where a command writes to: data to stdout, and all else to stderr. */
export class Terminal {
  /**
   * @param environment of the process, for `NO_COLOR` and how the command was called
   */
  constructor(
    private readonly streams: Streams,
    private readonly environment: Readonly<Record<string, string | undefined>>,
  ) {
    // `| head` closes the pipe early: nobody wants the rest, and that is no failure.
    streams.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }

  /** Whether somebody is there to answer a question. */
  get asks(): boolean {
    return this.streams.stdin.isTTY && this.streams.stderr.isTTY;
  }

  /** Whether a secret could be typed in rather than be piped. */
  get stdinIsTyped(): boolean {
    return this.streams.stdin.isTTY;
  }

  /** One JSON document. */
  json(document: unknown): void {
    this.data(JSON.stringify(document, null, 2));
  }

  /** Data, as text. */
  data(text: string): void {
    this.streams.stdout.write(`${text}\n`);
  }

  table(heads: readonly string[], rows: readonly (readonly string[])[]): void {
    this.data(table(heads, rows, (text) => this.bold(text)));
  }

  fields(pairs: readonly (readonly [string, string])[]): void {
    this.data(fields(pairs));
  }

  /** Progress, and whatever else is no data. */
  note(text: string): void {
    if (text !== '') this.streams.stderr.write(`${text}\n`);
  }

  /** What people mostly do after this. */
  next(...words: readonly string[]): void {
    this.note(`Next: ${this.command(...words)}`);
  }

  /** A command as it is called here, to be pasted. */
  command(...words: readonly string[]): string {
    const name = this.environment.npm_lifecycle_event === 'cli' ? 'npm run -s cli --' : 'postern';
    return [name, ...words.map(shellWord)].join(' ');
  }

  /** Asks for a line; undefined where none comes. */
  ask(question: string): Promise<string | undefined> {
    const lines = createInterface({ input: this.streams.stdin, output: this.streams.stderr });
    return new Promise((resolve) => {
      // Ctrl-C and Ctrl-D close it without an answer.
      lines.on('close', () => resolve(undefined));
      lines.question(question, (answer) => {
        resolve(answer);
        lines.close();
      });
    });
  }

  /** All of stdin. */
  async read(): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.streams.stdin) chunks.push(Buffer.from(chunk as Buffer));
    return Buffer.concat(chunks).toString('utf8');
  }

  private bold(text: string): string {
    const coloured = this.streams.stdout.isTTY && !this.environment.NO_COLOR;
    return coloured ? `\u001b[1m${text}\u001b[22m` : text;
  }
}
