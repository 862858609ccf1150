/** What the documents say is what the code does. */
import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describeSettings } from '../../src/config/settings.js';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

interface SettingsWriter {
  withSettingsTable(readme: string, settings: unknown): string;
  environmentExample(settings: unknown): string;
}

const writer = (await import(
  join(ROOT, 'scripts/write-settings.mjs')
)) as unknown as SettingsWriter;

describe('the settings', () => {
  it('stand in the README as the code has them', () => {
    const readme = read('README.md');
    expect(unpadded(readme)).toBe(unpadded(writer.withSettingsTable(readme, describeSettings())));
  });

  it('stand in .env.example as the code has them', () => {
    expect(read('.env.example')).toBe(writer.environmentExample(describeSettings()));
  });

  it('are read from the environment in one file alone', () => {
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
    const readers = sources
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
      .filter((file) => /process\.env(?!`)/.test(read(join('src', file))));
    expect(new Set(readers)).toEqual(new Set(READERS));
  });
});

/** `main.ts` hands the environment over; the others look at what is no setting of Postern. */
const READERS = [
  'main.ts',
  'cli/main.ts',
  'resource-server/testing.ts',
  'database/embedded/process-identity.ts',
  'database/embedded/run-command.ts',
];

describe('the README', () => {
  it('names every command of package.json that a person runs', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const commands = Object.keys(scripts).filter((name) => !/^pre|:if-stale$/.test(name));
    const readme = read('README.md');
    const named = commands.filter(
      (name) => readme.includes(`npm ${name}`) || readme.includes(`npm run ${name}`),
    );
    expect(named).toEqual(commands);
  });

  it('names no command that package.json does not have', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = read('README.md').matchAll(/`npm run ([\w:-]+)/g);
    const missing = [...named].map(([, name = '']) => name).filter((name) => !(name in scripts));
    expect(missing).toEqual([]);
  });

  it('and the documents link only to files that are there', () => {
    const documents = [
      'README.md',
      ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
    ];
    for (const document of documents) {
      for (const [, target = ''] of read(document).matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
        expect(() => read(join(dirname(document), target))).not.toThrow();
      }
    }
  });
});

describe('docs/security.md', () => {
  const cited = [...read('docs/security.md').matchAll(/`((?:src|test)\/[^`]+)`: `([^`]+)`/g)].map(
    ([, file = '', title = '']) => ({ file, titles: title.split(' › ') }),
  );

  it('names tests by titles that stand in the code, each within the one before', () => {
    expect(cited.length).toBeGreaterThan(100);
    const missing = cited.filter(({ file, titles }) => !standsIn(read(file), titles));
    expect(missing).toEqual([]);
  });

  it('would not do with a title that is not there, or in another place', () => {
    const source = `describe('a list', () => { it('is "long"', test); it("isn't", test); });`;
    expect(standsIn(source, ['a list', 'is "long"'])).toBe(true);
    expect(standsIn(source, ['a list', "isn't"])).toBe(true);
    for (const titles of [['a list', 'is'], ['list'], ['is "long"', 'a list'], ['a list', 'list']])
      expect(standsIn(source, titles)).toBe(false);
  });

  it('names each point of the threat model, once', () => {
    const [, section = ''] = read('docs/security.md').split(/^## The points$|^## What went/m);
    const points = [...section.matchAll(/^\| (\d+) +\| /gm)].map(([, nr]) => nr);
    expect(points).toEqual(Array.from({ length: 85 }, (_, index) => String(index + 1)));
  });
});

/** Whether these titles stand in a source, as whole strings, each after the one before. */
function standsIn(source: string, titles: readonly string[]): boolean {
  let from = 0;
  return titles.every((title) => {
    const places = ["'", '"', '`'].map((quote) => source.indexOf(quote + title + quote, from));
    const found = places.filter((place) => place >= 0);
    from = Math.min(...found);
    return found.length > 0;
  });
}

/** Prettier pads the columns of a table; the words are what counts. */
function unpadded(text: string): string {
  return text.replace(/ +/g, ' ').replace(/\|[-| ]+\|/g, '|-|');
}
