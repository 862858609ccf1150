import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';

/** Where one of the secrets was found. */
export interface Finding {
  /** What it was kept as in {@link SecretSearch.keep}. */
  readonly what: string;
  /** As `base64`; the name of the form it was found in. */
  readonly form: string;
  readonly place: string;
}

/**
 * Remembers secrets, gathers what was written, and searches that for each secret: as it is, in
 * hex, in base64 at any place of a longer text (so in each header of HTTP Basic), and as a URL has it.
 */
export class SecretSearch {
  private readonly needles = new Map<string, { what: string; form: string }>();

  private constructor(private readonly folder: string) {}

  static async make(): Promise<SecretSearch> {
    const folder = await mkdtemp(join(tmpdir(), 'postern-search-'));
    await mkdir(join(folder, 'texts'));
    return new SecretSearch(folder);
  }

  /** How many secrets are looked for. */
  get size(): number {
    return new Set([...this.needles.values()].map(({ what }) => what)).size;
  }

  /**
   * Remembers a secret; gives it back.
   *
   * @param what a name of its own for it
   */
  keep(what: string, secret: string): string {
    this.keepBytes(what, Buffer.from(secret));
    this.note(what, 'as it is', secret);
    const encoded = encodeURIComponent(secret);
    if (encoded !== secret) this.note(what, 'in a URL', encoded);
    return secret;
  }

  /** Remembers a secret of any bytes, in the forms that are text. */
  keepBytes(what: string, secret: Buffer): void {
    const hex = secret.toString('hex');
    this.note(what, 'hex', hex);
    this.note(what, 'hex', hex.toUpperCase());
    for (const offset of [0, 1, 2]) {
      const inner = innerBase64(secret, offset);
      this.note(what, 'base64', inner);
      this.note(what, 'base64', inner.replaceAll('+', '-').replaceAll('/', '_'));
    }
  }

  /** Gathers a text that is to be searched. */
  async gather(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, 'texts', name), text);
  }

  /** Searches what was gathered, and folders beside it, file by file; gives each secret once a file. */
  async run(folders: readonly string[] = []): Promise<Finding[]> {
    const needles = join(this.folder, 'needles');
    await writeFile(needles, [...this.needles.keys()].join('\n'));
    const texts = join(this.folder, 'texts');
    const found = await grep(needles, [texts, ...folders]);
    const findings = found.map(({ file, match }) => {
      const { what, form } = this.needles.get(match) ?? { what: match, form: '?' };
      return { what, form, place: file.startsWith(texts) ? relative(texts, file) : file };
    });
    return [...new Map(findings.map((one) => [JSON.stringify(one), one])).values()];
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  private note(what: string, form: string, needle: string): void {
    this.needles.set(needle, { what, form });
  }
}

/** The letters of a text's base64 that depend on it alone, where `offset` bytes of a triple stand before it. */
function innerBase64(secret: Buffer, offset: number): string {
  const after = secret.subarray((3 - offset) % 3);
  return after.subarray(0, after.length - (after.length % 3)).toString('base64');
}

/** What the processes of this machine were started with, and call themselves. */
export async function commandLines(): Promise<string> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = processes.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(lines)).map((line) => line.replaceAll('\0', ' ')).join('\n');
}

async function grep(
  needles: string,
  places: readonly string[],
): Promise<{ file: string; match: string }[]> {
  // -Z: the name of a file ends with a zero byte.
  const options = ['-raohFZ', '--with-filename', '-f', needles, ...places];
  const env = { ...process.env, LC_ALL: 'C' };
  const output = await promisify(execFile)('grep', options, { env, maxBuffer: 2 ** 28 }).then(
    ({ stdout }) => stdout,
    (error: { code?: unknown; stdout?: string }) => {
      // 1: nothing found. 2: a file that went away meanwhile, or one that can't be read.
      if (error.code === 1) return '';
      throw error as Error;
    },
  );
  return output
    .split('\n')
    .filter((line) => line.includes('\0'))
    .map((line) => {
      const [file = '', match = ''] = line.split('\0');
      return { file, match };
    });
}
