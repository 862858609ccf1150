/** What comes before the hosts of a PostgreSQL URL, they, and what comes after them. */
const PARTS = /^(postgres(?:ql)?:\/\/(?:[^/?#]*@)?)([^/?#]*)(.*)$/s;

/**
 * Splits a PostgreSQL URL with several hosts (`postgres://user@a:5432,b:5433/database`), which no
 * parser of URLs takes, into one for each.
 *
 * @returns one that has none or one as it is
 */
export function urlPerHost(url: string): string[] {
  const [, before = '', hosts = '', after = ''] = PARTS.exec(url) ?? [];
  return hosts.includes(',') ? hosts.split(',').map((host) => before + host + after) : [url];
}
