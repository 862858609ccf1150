import {
  ERROR_CATALOGUE,
  errorEntry,
  type ErrorCode,
  type ErrorOwner,
} from '../errors/error-catalogue.js';
import type { Page } from './page.js';

const WHOSE_JOB: Readonly<Record<ErrorOwner, string>> = {
  'the caller': 'The caller’s: the program that sent the request, and whoever looks after it.',
  'an administrator': 'An administrator’s: the caller can not mend it alone.',
  'the team that runs the server': 'The team’s that runs the server: the request was not at fault.',
};

/** Every code that has a page, in the catalogue's order. */
export const ERROR_CODES = Object.keys(ERROR_CATALOGUE) as readonly ErrorCode[];

/** Whether a text is the code of an error that has a page. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERROR_CATALOGUE, text);
}

/**
 * The page of an error: what `type` and `error_uri` of its answers lead to.
 *
 * @param basePath what stands before `/errors/` in the addresses of this server; mostly empty
 */
export function errorPage(code: ErrorCode, basePath: string): Page {
  const { status, title, oauth, bearer, meaning, causes, remedies, owner } = errorEntry(code);
  return {
    title,
    summary: meaning,
    facts: [
      { name: 'Code', value: code },
      { name: 'Status', value: String(status) },
      { name: 'error, on the OAuth routes', value: oauth },
      ...(bearer ? [{ name: 'error, on a protected route', value: bearer }] : []),
    ],
    sections: [
      { heading: 'Likely causes, the likeliest first', items: textItems(causes) },
      { heading: 'What to try', items: textItems(remedies) },
      { heading: 'Whose job it is', text: WHOSE_JOB[owner] },
      { heading: 'See also', items: [{ text: 'All errors', href: `${basePath}/errors/` }] },
    ],
  };
}

/** The page that leads to all the others. */
export function errorIndexPage(basePath: string): Page {
  return {
    title: 'Errors',
    summary:
      'Every error that this server tells. An answer names the page of its error: in type, or in error_uri on the OAuth routes.',
    facts: [],
    sections: [
      {
        heading: 'All errors, by code',
        items: ERROR_CODES.map((code) => ({
          text: code,
          href: `${basePath}/errors/${code}`,
          note: `${errorEntry(code).status}, ${errorEntry(code).title}`,
        })),
      },
    ],
  };
}

function textItems(texts: readonly string[]): { text: string }[] {
  return texts.map((text) => ({ text }));
}
