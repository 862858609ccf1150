import { Injectable } from '@nestjs/common';
import { Statements, type Statement } from '../../database/statements.js';
import { TokenCounts, type TokenCount } from '../domain/token-counts.repository.js';

const ADD: Statement = {
  name: 'token-count-add',
  text: `
    INSERT INTO oauth_token_count AS count (client, hour, issued)
    SELECT t.client, t.hour, t.issued
    FROM unnest($1::integer[], $2::integer[], $3::integer[]) AS t (client, hour, issued)
    JOIN oauth_client c ON c.id = t.client
    WHERE t.issued <> 0
    ORDER BY t.client, t.hour
    ON CONFLICT (client, hour) DO UPDATE SET issued = count.issued + excluded.issued`,
};

const READ: Statement = {
  name: 'token-count-read',
  text: `
    SELECT client, hour, issued FROM oauth_token_count
    JOIN unnest($1::integer[], $2::integer[]) AS t (client, hour) USING (client, hour)`,
};

/** Hours that are over count for nothing. */
const FORGET: Statement = {
  name: 'token-count-forget',
  text: 'DELETE FROM oauth_token_count WHERE client = ANY ($1::integer[]) AND hour < $2',
};

/** The counts in PostgreSQL. */
@Injectable()
export class PostgresTokenCounts extends TokenCounts {
  constructor(private readonly statements: Statements) {
    super();
  }

  override async add(counts: readonly TokenCount[]): Promise<number[]> {
    const clients = counts.map(({ client }) => client);
    const hours = counts.map(({ hour }) => hour);
    const issued = counts.map((count) => count.issued);
    // Before the adding: a failure after that would have the same added once more.
    const earliest = hours.reduce((least, hour) => Math.min(least, hour), Infinity);
    await this.statements.run(FORGET, [clients, earliest - 1]);
    await this.statements.run(ADD, [clients, hours, issued]);
    return this.totals(counts, await this.statements.run<TokenCount>(READ, [clients, hours]));
  }

  private totals(counts: readonly TokenCount[], found: readonly TokenCount[]): number[] {
    const byKey = new Map(found.map((total) => [`${total.client} ${total.hour}`, total.issued]));
    return counts.map(({ client, hour }) => byKey.get(`${client} ${hour}`) ?? 0);
  }
}
