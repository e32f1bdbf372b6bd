/** axe-core reports no violation, and nothing is wider than the screen. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { goTo, say, signIn, visit } from './visit.ts';
import type { World } from './world.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SCREENS = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const;
const SCHEMES = ['light', 'dark'] as const;

declare const axe: { run(): Promise<AxeResults> };

interface View {
  readonly name: string;
  /** Opens it, with something to see. */
  readonly open: (page: Page) => Promise<void>;
}

const section = (name: string, isThere: (page: Page) => Promise<void>): View => ({
  name,
  open: async (page) => {
    await goTo(page, name);
    await isThere(page);
  },
});

const VIEWS: readonly View[] = [
  section('Chat', async (page) => {
    await say(page, 'Which companies are there?');
    await page.getByText('How to set a model').click();
  }),
  section('Code', async (page) => {
    await page.getByRole('textbox', { name: 'Description' }).fill('Список организаций');
    await page.getByRole('button', { name: 'Write it' }).click();
    await page.locator('.code .keyword').first().waitFor();
  }),
  section('1C', async (page) => {
    await page.getByLabel(/^Закрытый/).check();
    await page.getByRole('button', { name: 'Start the synchronization' }).click();
    await page.getByText('не найдена').first().waitFor();
    await page.getByRole('rowheader', { name: 'Ромашка ООО' }).waitFor();
  }),
  section('Dashboards', async (page) => {
    await page.getByText('As a table').first().click();
    await page.locator('rect').first().waitFor();
  }),
  section('Reports', async (page) => {
    await page.getByRole('button', { name: 'Make the report' }).click();
    await page
      .getByRole('button', { name: /as CSV$/ })
      .first()
      .waitFor();
  }),
  section('Administration', async (page) => {
    await page.getByRole('button', { name: 'Verify the chain' }).click();
    await page.getByText('The chain verifies').waitFor();
    await page.getByRole('rowheader', { name: 'analyst@example.com' }).waitFor();
    await page
      .getByText(/Events: /)
      .first()
      .waitFor();
  }),
];

async function expectAccessible(page: Page, view: string): Promise<void> {
  for (const [screen, size] of Object.entries(SCREENS)) {
    await page.setViewportSize(size);
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await page.evaluate(() => axe.run());
      const found = violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
      );
      expect(found, `${view}, ${screen}, ${colorScheme}`).toEqual([]);
    }
    const excess = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(excess, `${view} is wider than the ${screen} by`).toBeLessThanOrEqual(0);
  }
}

export function accessibility(world: () => World): void {
  it('every view, light and dark, on a desktop and on a phone', async () => {
    await visit(world(), async ({ page }) => {
      await page.evaluate(AXE);
      await expectAccessible(page, 'Sign in');
      await signIn(page, world().accounts.admin);
      for (const { name, open } of VIEWS) {
        await page.setViewportSize(SCREENS.desktop);
        await open(page);
        await expectAccessible(page, name);
      }
    });
  });

  it('in Russian, whose words are longer, too', async () => {
    await visit(world(), async ({ page }) => {
      await page.evaluate(AXE);
      await signIn(page, world().accounts.admin);
      await page.getByLabel('Language').selectOption('ru');
      for (const name of ['Чат', 'Код', '1С', 'Показатели', 'Отчёты', 'Администрирование']) {
        await page
          .getByRole('navigation', { name: 'Разделы' })
          .getByRole('link', { name, exact: true })
          .click();
        await page.getByText('Загрузка…').first().waitFor({ state: 'detached' });
        await expectAccessible(page, name);
      }
    });
  });
}
