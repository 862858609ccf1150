/**
 * The advisory locks of this project, in one place so that no two share a number. Each is taken
 * for the length of a transaction (`pg_advisory_xact_lock`), never of a session: so it holds
 * through a pooler too, and can't be left behind.
 */

/** One process at a time migrates. */
export const MIGRATION_LOCK = 7_086_617_001;

/** One transaction at a time changes clients, or the catalogue of the scopes that they can have. */
export const CLIENTS_LOCK = 7_086_617_002;

/** One process at a time makes partitions. */
export const PARTITION_LOCK = 7_086_617_003;

/**
 * One process at a time drops the partitions of a table. The first half of a lock of two numbers,
 * which are apart from those of one; the other half is the table's.
 */
export const DROP_LOCK = 7_086_617;

/** One transaction at a time makes and rotates signing keys. */
export const SIGNING_KEYS_LOCK = 7_086_617_010;
