import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first of these programs that is in PATH or in one of the other folders. */
export function findProgram(names: readonly string[], ...others: string[]): string | undefined {
  return [...(process.env.PATH ?? '').split(delimiter), ...others]
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isExecutable);
}

/** Whether there is a file that this user may run. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** `describe` for what needs a program of the system: where it is missing the tests are left out, and said so. */
export function describeWhere(
  isThere: boolean,
  missing: string,
  title: string,
  tests: () => void,
): void {
  if (isThere) {
    describe(title, tests);
    return;
  }
  // Jest does not name what it skips.
  process.stderr.write(`Left out: ${title}. ${missing}\n`);
  describe.skip(title, tests);
}
