import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** The shell first: it is the same browser without windows, and a new visitor costs a third there. */
const BINARIES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'].map(
  (name) => `/usr/bin/${name}`,
);
/** Where `brew install --cask` puts them on macOS. */
BINARIES.push(
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
);

/**
 * A real Chromium: Debian's, or the one CHROMIUM names, such as /usr/bin/chromium where both are installed.
 *
 * @param extraArgs  switches for this one
 */
export async function launchChromium(extraArgs: string[] = []): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? BINARIES.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('Chromium is not installed; run: npm run test:setup');
  return chromium.launch({
    executablePath,
    // Playwright turns off what keeps whole pages for the back button; people's browsers have it.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    // Quiet: a test machine has no internet, and root needs no sandbox.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...extraArgs,
    ],
  });
}
