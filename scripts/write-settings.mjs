// Writes what the README and .env.example say of the settings, from the one place that knows them.
// A test compares; run it after a change: npm run docs:settings
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const BEGIN = '<!-- settings: written by npm run docs:settings -->';
const END = '<!-- /settings -->';

/** The README with its table of settings brought up to date. */
export function withSettingsTable(readme, settings) {
  const rows = settings.map(({ name, shown, description, secret }) => {
    const names = secret ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``;
    return `| ${names} | ${shown} | ${description} |`;
  });
  const table = ['| name | default | what it is |', '|---|---|---|', ...rows].join('\n');
  const before = readme.slice(0, readme.indexOf(BEGIN) + BEGIN.length);
  return `${before}\n\n${table}\n\n${readme.slice(readme.indexOf(END))}`;
}

/** An environment file with every setting, each commented out. */
export function environmentExample(settings) {
  const entries = settings.map(({ name, shown, description }) => {
    const plain = (text) => text.replaceAll('`', '');
    return `# ${plain(description)}\n# default: ${plain(shown)}\n#${name}=\n`;
  });
  return ['# Every setting of Postern. The README says more.\n', ...entries].join('\n');
}

if (process.argv[1] === import.meta.filename) {
  const { describeSettings } = await import('../dist/src/config/settings.js');
  const readme = join(root, 'README.md');
  writeFileSync(readme, withSettingsTable(readFileSync(readme, 'utf8'), describeSettings()));
  writeFileSync(join(root, '.env.example'), environmentExample(describeSettings()));
}
