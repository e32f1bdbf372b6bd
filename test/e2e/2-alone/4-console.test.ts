/** The console and the API viewer in a browser, through the edge. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publicUrl } from '../../../charts/edge/names.ts';
import { launchBrowser } from '../../console/browser.ts';
import { goTo, say, signIn, type Visit, visit } from '../../console/visit.ts';
import { config, PASSWORD, type Session, signInAsAdmin } from '../support.ts';

const ORIGIN = publicUrl(config);
/** The edge's certificate is self-signed. */
const OPTIONS = { ignoreHTTPSErrors: true } as const;

let browser: Browser;
let admin: Session;
beforeAll(async () => {
  admin = await signInAsAdmin();
  browser = await launchBrowser();
});
afterAll(() => browser?.close());

const through = (path: string, steps: (visit: Visit) => Promise<void>): Promise<void> =>
  visit({ browser, page: `${ORIGIN}${path}` }, steps, OPTIONS);

/** The page loads everything from the edge over TLS; no token is in an address or in the browser's storage. */
async function expectNothingLeft({ page, context, urls, lines }: Visit): Promise<void> {
  expect(urls.filter((url) => !url.startsWith(`${ORIGIN}/`) && !/^(data|blob):/.test(url))).toEqual([]);
  expect([...urls, ...lines].filter((text) => /eyJ[\w-]+\.eyJ/.test(text))).toEqual([]);
  expect(await context.cookies()).toEqual([]);
  expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
}

const copyOf1C = async (page: Page): Promise<void> => {
  await goTo(page, '1C');
  await page.getByLabel('Search').fill('организации');
  await page
    .getByLabel(/^Организации/)
    .first()
    .check();
  await page.getByRole('button', { name: 'Start the synchronization' }).click();
  await page
    .getByText(/^Read: [\d,]+, stored: [\d,]+/)
    .first()
    .waitFor();
};

describe('a browser at the edge', () => {
  it('signs in, chats, copies data of 1C, sees a dashboard and verifies the audit chain', async () => {
    await through('/', async (seen) => {
      const { page } = seen;
      await signIn(page, { email: admin.email, password: PASSWORD });
      await page.getByText('A simulator answers').waitFor();
      await say(page, 'Which companies are there?');
      await copyOf1C(page);
      await goTo(page, 'Dashboards');
      await page.getByRole('link', { name: 'Use of AI' }).click();
      await page.locator('rect').first().waitFor();
      await goTo(page, 'Administration');
      await page.getByRole('button', { name: 'Verify the chain' }).click();
      await page.getByText(/^The chain verifies: \d+ entries/).waitFor();
      await expectNothingLeft(seen);
    });
  });

  it('reads the description of the API, authorizes and tries an operation', async () => {
    await through('/docs', async (seen) => {
      const { page } = seen;
      await page.getByRole('button', { name: 'Authorize' }).click();
      await page.locator('.auth-container input').fill(admin.token);
      await page.getByRole('button', { name: 'Apply credentials' }).click();
      await page.locator('.auth-container').getByRole('button', { name: 'Close' }).click();
      await page.locator('[data-tag="ai-assistant"] button').first().click();
      const operation = page.locator('.opblock', { has: page.locator('[data-path="/api/ai/models"]') });
      await operation.locator('.opblock-summary-control').click();
      await operation.getByRole('button', { name: 'Execute' }).click();
      const answer = operation.locator('.live-responses-table .response-col_status', { hasText: /^\d{3}$/ });
      expect(await answer.first().textContent()).toBe('200');
      await expectNothingLeft(seen);
    });
  });
});
