import { Injectable } from '@nestjs/common';
import { Statements, type Statement } from '../../database/statements.js';
import { TokenCounts, type TokenCount } from '../domain/token-counts.repository.js';

/** A count of nought is written too: it reads the present total, and makes the row. */
const ADD: Statement = {
  name: 'token-count-add',
  text: `
    INSERT INTO oauth_token_count AS count (client, hour, issued)
    SELECT t.client, t.hour, t.issued
    FROM unnest($1::integer[], $2::integer[], $3::integer[]) AS t (client, hour, issued)
    JOIN oauth_client c ON c.id = t.client
    ORDER BY t.client, t.hour
    ON CONFLICT (client, hour) DO UPDATE SET issued = count.issued + excluded.issued
    RETURNING client, hour, issued`,
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
    const totals = await this.statements.run<TokenCount>(ADD, [clients, hours, issued]);
    await this.statements.run(FORGET, [clients, Math.min(...hours) - 1]);
    return counts.map(
      ({ client, hour }) =>
        totals.find((total) => total.client === client && total.hour === hour)?.issued ?? 0,
    );
  }
}
