import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file that its owner alone can read, whole or not at all. One that is there is replaced.
 *
 * @throws the file system's error
 */
export async function keepPrivately(file: string, content: string): Promise<void> {
  await rename(await unfinishedCopy(file, content), file);
}

/**
 * The content of a private file, which is made where it is not there yet. Of several processes that
 * make it at once the first one's stays, and all get that.
 *
 * @param make the content of a new one
 * @throws the file system's error
 */
export async function keptPrivately(file: string, make: () => string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const unfinished = await unfinishedCopy(file, make());
  try {
    await link(unfinished, file); // Fails where the file is there, which a rename would replace.
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(unfinished);
  }
  return readFile(file, 'utf8');
}

async function unfinishedCopy(file: string, content: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${randomUUID()}`;
  await writeFile(unfinished, content, { mode: 0o600, flag: 'wx', flush: true });
  return unfinished;
}
