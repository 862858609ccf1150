import { send } from './http.js';

/**
 * Reads one figure of what a server tells at `/metrics`.
 *
 * @param name with its labels, as `postern_token_lookups_total{from="cache"}`
 * @returns NaN where there is none
 */
export async function metric(baseUrl: string, name: string): Promise<number> {
  const { text } = await send(`${baseUrl}/metrics`);
  const found = text.split('\n').find((line) => line.startsWith(`${name} `));
  return Number(found?.slice(name.length));
}
