/** A person's visit to the console: every error in the browser fails the test. */
import assert from 'node:assert/strict';
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { until } from '../../ops/tools/wait.ts';
import type { World } from './world.ts';

export type Role = 'user' | 'analyst' | 'admin';

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Of all requests so far. */
  readonly urls: readonly string[];
  /** All that the page wrote to its console. */
  readonly lines: readonly string[];
  /** Expects exactly one error, which the test provokes. */
  expectError(pattern: RegExp): void;
}

const PATIENCE_MS = 60_000;
const DESKTOP = { width: 1280, height: 800 };

/** Opens the console in a new browser context, and checks for errors at the end. */
export async function visit(
  world: Pick<World, 'browser' | 'page'>,
  steps: (visit: Visit) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const permissions = ['clipboard-read', 'clipboard-write'];
  const context = await world.browser.newContext({
    viewport: DESKTOP,
    locale: 'en-GB',
    permissions,
    ...options,
  });
  const [urls, lines, errors, expected]: [string[], string[], string[], RegExp[]] = [[], [], [], []];
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    page.on('request', (request) => urls.push(request.url()));
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      lines.push(message.text());
      if (message.type() === 'error') errors.push(message.text());
    });
    await page.goto(world.page);
    await steps({ page, context, urls, lines, expectError: (pattern) => expected.push(pattern) });
    // The browser reports an error, such as an image it could not load, after the step that provokes it.
    for (const pattern of expected)
      await until({ seconds: PATIENCE_MS / 1000, pauseMs: 50 }, async (late) => {
        if (late()) assert.match(errors.join('\n'), pattern);
        return errors.some((error) => pattern.test(error)) || undefined;
      });
    const unexpected = errors.filter((error) => !expected.some((pattern) => pattern.test(error)));
    assert.deepEqual(unexpected, [], 'errors in the browser');
  } finally {
    await context.close();
  }
}

export async function signIn(page: Page, account: World['accounts'][Role]): Promise<void> {
  await page.getByLabel('E-mail address').fill(account.email);
  await page.getByLabel('Password').fill(account.password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

export const goTo = (page: Page, section: string): Promise<void> =>
  page
    .getByRole('navigation', { name: 'Sections' })
    .getByRole('link', { name: section, exact: true })
    .click();

/** Sends a message, and waits for the end of the answer. */
export async function say(page: Page, text: string): Promise<void> {
  const answers = page.getByText(/^Tokens:/);
  const before = await answers.count();
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.keyboard.press('Enter');
  await answers.nth(before).waitFor();
}
