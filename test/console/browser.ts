import { type Browser, chromium } from 'playwright-core';
import { requireChromium } from '../../scripts/gates/chromium.ts';

/** Starts the Chromium of this machine without a window. @throws Error that says how to install one. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: requireChromium(), args: ['--no-sandbox'] });
