import { ERROR_CODES, errorIndexPage, errorPage } from './error-page.js';
import { renderHtml, renderMarkdown, type Page } from './page.js';

const PAGES = [
  ...ERROR_CODES.map((code): [string, Page] => [code, errorPage(code, '')]),
  ['the index', errorIndexPage('')] as [string, Page],
];

describe('a page', () => {
  it.each(PAGES)('%s says the same in HTML and in Markdown, word for word', (_name, page) => {
    expect(wordsOfMarkdown(renderMarkdown(page))).toEqual(wordsOfHtml(renderHtml(page)));
  });

  it.each(ERROR_CODES)('%s tells causes, remedies and whose job it is', (code) => {
    const { sections } = errorPage(code, '');
    for (const { text, items } of sections) {
      expect(text ?? items?.map((item) => item.text).join(' ')).toMatch(/\w/);
    }
    expect(sections.map(({ heading }) => heading)).toEqual([
      'Likely causes, the likeliest first',
      'What to try',
      'Whose job it is',
      'See also',
    ]);
  });

  it('takes no text for a part of the form', () => {
    const hostile = '<b onclick="x">&amp;\'</b> *bold* `code` [link](x)';
    const page: Page = {
      title: hostile,
      summary: hostile,
      facts: [{ name: hostile, value: 'v' }],
      sections: [{ heading: hostile, items: [{ text: hostile, href: '/"><b>', note: hostile }] }],
    };
    const html = renderHtml(page);
    expect(html).not.toMatch(/<b[ >]/);
    expect(html).toContain('&lt;b onclick=&quot;x&quot;&gt;&amp;amp;&#39;&lt;/b&gt;');
    expect(html).toContain('href="/&quot;&gt;&lt;b&gt;"');
    expect(renderMarkdown(page)).toContain('# \\<b onclick="x">');
    expect(renderMarkdown(page)).toContain('\\*bold\\* \\`code\\` \\[link\\](x)');
  });

  it('has its links under the path of the server', () => {
    expect(renderHtml(errorIndexPage('/gate'))).toContain('href="/gate/errors/invalid_client"');
    expect(renderMarkdown(errorPage('not_found', '/gate'))).toContain('(/gate/errors/)');
  });
});

function wordsOfHtml(html: string): string[] {
  const body = html.slice(html.indexOf('<main>'));
  const text = body
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
  return words(text);
}

function wordsOfMarkdown(markdown: string): string[] {
  const text = markdown
    .replace(/(?<=\])\(\S+\)/g, ' ')
    .replace(/^(#+|-) /gm, '')
    .replace(/\\(.)/g, '$1');
  return words(text);
}

function words(text: string): string[] {
  return text.match(/[\p{L}\p{N}_$’'-]+/gu) ?? [];
}
