import { chromium, type Browser } from 'playwright-core';
import { describeWhere, findProgram, isExecutable } from '../../support/programs.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const OTHER_PLACES = [
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** A name that the browser alone knows: the server under another name than that of its settings. */
export const OTHER_HOST = 'postern.test';

/** The browser of this machine. */
const executablePath = findProgram(NAMES) ?? OTHER_PLACES.find(isExecutable);

/** `describe` for what needs a browser: where there is none it is left out, and said so. */
export function describeInBrowser(title: string, tests: () => void): void {
  const missing = `There is no Chromium in PATH (${NAMES.join(', ')}).`;
  describeWhere(executablePath !== undefined, missing, title, tests);
}

/** Nothing is downloaded: undefined where there is none. */
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
