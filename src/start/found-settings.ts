import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { parseKey, SettingsError, type Settings } from '../config/settings.js';
import type { ConnectedSettings, OpenDatabase } from '../database/open-database.js';
import { keptPrivately } from '../secrets/private-file.js';

/** Where the key of the embedded database is kept that the signing keys are encrypted under. */
export function keyEncryptionKeyFile({ dataDir }: Pick<Settings, 'dataDir'>): string {
  return join(dataDir, 'key-encryption-key');
}

/**
 * The settings with what is known only once the database is open: its addresses and, on the
 * embedded one, the key that its signing keys are encrypted under. That is made once, and kept
 * beside the database, for whoever can read the one can read the other.
 *
 * @throws SettingsError where the kept key is none any more; the file system's error
 */
export async function foundSettings({
  settings,
  embedded,
}: OpenDatabase): Promise<ConnectedSettings> {
  if (!embedded || settings.keyEncryptionKey !== undefined) return settings;
  return { ...settings, keyEncryptionKey: await keptKey(settings) };
}

async function keptKey(settings: Settings) {
  const file = keyEncryptionKeyFile(settings);
  const text = await keptPrivately(file, () => `${randomBytes(32).toString('base64')}\n`);
  try {
    return parseKey(text.trim());
  } catch {
    throw new SettingsError([
      `${file} does not hold 32 bytes in base64: put back the one that was there.`,
    ]);
  }
}
