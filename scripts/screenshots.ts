/**
 * Takes pictures of the console for docs/pictures, with the real services that its tests use too:
 *
 *     npx tsx scripts/screenshots.ts                      # chat, synchronization, a dashboard
 *     npx tsx scripts/screenshots.ts https://localhost    # /docs of a running platform
 */
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { ROOT } from '../ops/core/paths.ts';
import { launchBrowser } from '../test/console/browser.ts';
import { goTo, say, signIn, visit } from '../test/console/visit.ts';
import { startWorld, type World } from '../test/console/world.ts';

const FOLDER = join(ROOT, 'docs/pictures');
const MOST_BYTES = 200_000;
const SCREENS = { desktop: { width: 1200, height: 780 }, phone: { width: 390, height: 844 } } as const;
const SCHEMES = ['light', 'dark'] as const;

const SCENES: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  chat: async (page) => {
    await goTo(page, 'Chat');
    await page.getByText('Ask about your 1C base').waitFor();
    await say(page, 'Какие организации есть в базе?');
  },
  sync: async (page) => {
    await goTo(page, '1C');
    await page.getByLabel(/^Закрытый/).check();
    await page.getByLabel(/^РеализацияТоваровУслуг/).check();
    await page.getByRole('button', { name: 'Start the synchronization' }).click();
    await page.getByText('не найдена').first().waitFor();
    await page.getByRole('heading', { name: 'Synchronizations' }).evaluate((title) => title.scrollIntoView());
  },
  dashboard: async (page) => {
    await goTo(page, 'Dashboards');
    await page.getByRole('link', { name: 'Use of AI' }).click();
    await page.getByLabel('Period').selectOption('7');
    await page.locator('rect').first().waitFor();
  },
};

async function picture(page: Page, name: string): Promise<void> {
  const path = join(FOLDER, `console-${name}.png`);
  await page.screenshot({ path, animations: 'disabled', caret: 'hide' });
  const { size } = statSync(path);
  console.log(`${String(size).padStart(8)} bytes  ${path}`);
  if (size > MOST_BYTES) throw new Error(`${path} has ${size} bytes, expected at most ${MOST_BYTES}`);
}

/** Pictures of one scene: on both screens, light and dark. */
async function onEveryScreen(page: Page, name: string): Promise<void> {
  for (const [screen, size] of Object.entries(SCREENS)) {
    await page.setViewportSize(size);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      await picture(page, `${name}-${screen}-${colorScheme}`);
    }
  }
}

async function ofTheConsole(world: World): Promise<void> {
  await visit(world, async ({ page }) => {
    await signIn(page, world.accounts.analyst);
    for (const [name, open] of Object.entries(SCENES)) {
      await page.setViewportSize(SCREENS.desktop);
      await open(page);
      await onEveryScreen(page, name);
    }
  });
}

/** The gateway alone serves /docs, so these pictures need a running platform. */
async function ofTheDocs(origin: string): Promise<void> {
  const browser = await launchBrowser();
  const options = { ignoreHTTPSErrors: true };
  try {
    await visit(
      { browser, page: `${origin}/docs` },
      async ({ page }) => {
        await page.locator('[data-tag="ai-assistant"] button').first().click();
        await page.locator('.opblock').first().waitFor();
        await page.evaluate('scrollTo(0, 0)');
        await onEveryScreen(page, 'docs');
      },
      options,
    );
  } finally {
    await browser.close();
  }
}

mkdirSync(FOLDER, { recursive: true });
const [origin] = process.argv.slice(2);
if (origin) await ofTheDocs(origin);
else {
  const world = await startWorld();
  try {
    await ofTheConsole(world);
  } finally {
    await world.close();
  }
}
