import { Injectable } from '@nestjs/common';
import { Statements, type Statement } from '../../database/statements.js';
import { UsageRepository, type Use } from '../domain/usage.repository.js';

/**
 * Both go through the rows in the order of the keys: two nodes that write at once wait for each
 * other, and never crosswise. The joins drop what is gone, whose key the table would refuse.
 */
const STORE_SECRETS: Statement = {
  name: 'secret-usage-store',
  text: `
    INSERT INTO oauth_secret_usage AS usage (secret, last_used_at, last_used_address)
    SELECT s.id, clock_timestamp() - make_interval(secs => used.age), used.address
    FROM unnest($1::integer[], $2::text[], $3::float8[]) AS used (secret, address, age)
    JOIN oauth_client_secret s ON s.id = used.secret
    ORDER BY s.id
    ON CONFLICT (secret) DO UPDATE
    SET last_used_at = excluded.last_used_at, last_used_address = excluded.last_used_address
    WHERE usage.last_used_at < excluded.last_used_at`,
};

const STORE_CLIENTS: Statement = {
  name: 'client-usage-store',
  text: `
    INSERT INTO oauth_client_usage AS usage (client, last_used_at)
    SELECT c.id, clock_timestamp() - make_interval(secs => min(used.age))
    FROM unnest($1::integer[], $2::float8[]) AS used (client, age)
    JOIN oauth_client c ON c.id = used.client
    GROUP BY c.id ORDER BY c.id
    ON CONFLICT (client) DO UPDATE SET last_used_at = excluded.last_used_at
    WHERE usage.last_used_at < excluded.last_used_at`,
};

/** The last uses in PostgreSQL, apart from the rows that decide. */
@Injectable()
export class PostgresUsageRepository extends UsageRepository {
  constructor(private readonly statements: Statements) {
    super();
  }

  override async store(uses: readonly Use[]): Promise<void> {
    const ages = uses.map(({ ageSeconds }) => ageSeconds);
    await this.statements.run(STORE_SECRETS, [
      uses.map(({ secretKey }) => secretKey),
      uses.map(({ address }) => address),
      ages,
    ]);
    await this.statements.run(STORE_CLIENTS, [uses.map(({ clientKey }) => clientKey), ages]);
  }
}
