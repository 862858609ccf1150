import { createHash } from 'node:crypto';

/** What a page says, before it has a form. */
export interface Page {
  readonly title: string;
  readonly summary: string;
  readonly facts: readonly Fact[];
  readonly sections: readonly Section[];
}

/** A name and its value: something to compare with what one has at hand. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

export interface Section {
  readonly heading: string;
  readonly text?: string;
  readonly items?: readonly Item[];
}

export interface Item {
  readonly text: string;
  readonly href?: string;
  readonly note?: string;
}

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 42rem; margin: 2rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; }
h2 { font-size: 1.125rem; margin: 1.5rem 0 0.25rem; }
ul { margin: 0; padding-left: 1.25rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1rem; }
dd { margin: 0; font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
`;

/** Lets the style of {@link renderHtml}'s pages through, and no other (CSP Level 3, §8.4). */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`;

/** The page in HTML: readable without a script, and without another file. */
export function renderHtml({ title, summary, facts, sections }: Page): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(summary)}</p>
${htmlFacts(facts)}${sections.map(htmlSection).join('\n')}
</main>
</body>
</html>
`;
}

function htmlFacts(facts: readonly Fact[]): string {
  if (facts.length === 0) return '';
  const rows = facts.map(
    ({ name, value }) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>\n`,
  );
  return `<dl>\n${rows.join('')}</dl>\n`;
}

function htmlSection({ heading, text, items }: Section): string {
  const body =
    text === undefined
      ? `<ul>\n${(items ?? []).map(htmlItem).join('')}</ul>`
      : `<p>${escapeHtml(text)}</p>`;
  return `<h2>${escapeHtml(heading)}</h2>\n${body}`;
}

function htmlItem({ text, href, note }: Item): string {
  const shown = escapeHtml(text);
  const linked = href === undefined ? shown : `<a href="${escapeHtml(href)}">${shown}</a>`;
  return `<li>${linked}${note === undefined ? '' : `: ${escapeHtml(note)}`}</li>\n`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** The page in Markdown (CommonMark 0.31), for programs that read along: the same, word for word. */
export function renderMarkdown({ title, summary, facts, sections }: Page): string {
  const blocks = [
    `# ${escapeMarkdown(title)}`,
    escapeMarkdown(summary),
    facts.map(({ name, value }) => `- ${escapeMarkdown(name)}: \`${value}\``).join('\n'),
    ...sections.map(markdownSection),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function markdownSection({ heading, text, items }: Section): string {
  const body =
    text === undefined ? (items ?? []).map(markdownItem).join('\n') : escapeMarkdown(text);
  return `## ${escapeMarkdown(heading)}\n\n${body}`;
}

function markdownItem({ text, href, note }: Item): string {
  const shown = escapeMarkdown(text);
  const linked = href === undefined ? shown : `[${shown}](${href})`;
  return `- ${linked}${note === undefined ? '' : `: ${escapeMarkdown(note)}`}`;
}

/** An underscore in the middle of a word is one already, and most of ours are there. */
function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*<[\]]/g, '\\$&');
}
