/** The browser for the console's tests. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The browser in CHROMIUM, or the one on PATH; undefined when there is none. */
export function findChromium(): string | undefined {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.flatMap((folder) => NAMES.map((name) => join(folder, name))).find(existsSync);
}

/** @throws Error that says how to install a browser. */
export function requireChromium(): string {
  const found = findChromium();
  if (!found)
    throw new Error(
      'There is no Chromium for the tests of the console: install it with `apt-get install -y chromium`, or name one by CHROMIUM.',
    );
  return found;
}
