import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const OTHER_PLACES = [
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A name that the browser alone knows: the server under another name than that of its settings. */
export const OTHER_HOST = 'postern.test';

/** The browser of this machine. */
const executablePath = findChromium();

/** `describe` for what needs a browser: where there is none it is left out, and said so. */
export function describeInBrowser(title: string, tests: () => void): void {
  if (executablePath === undefined) {
    // Jest does not name what it skips.
    process.stderr.write(
      `Left out: ${title}. There is no Chromium in PATH (${NAMES.join(', ')}).\n`,
    );
    describe.skip(title, tests);
  } else {
    describe(title, tests);
  }
}

/** Nothing is downloaded: undefined where there is none. */
function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const inPath = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...inPath, ...OTHER_PLACES].find(isExecutable);
}

/** Starts a browser with a fresh profile, which calls nobody by itself. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      `--host-resolver-rules=MAP ${OTHER_HOST} 127.0.0.1`,
    ],
  });
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
