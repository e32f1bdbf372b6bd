/** What people do with the console, against real services. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { goTo, say, signIn, visit } from './visit.ts';
import type { World } from './world.ts';

export function journeys(world: () => World): void {
  it('makes an account, refuses a wrong password in words, signs in and out', async () => {
    await visit(world(), async ({ page, expectError }) => {
      const account = { email: 'new.person@example.com', password: 'seven green lighthouses' };
      await page.getByRole('button', { name: 'No account yet?' }).click();
      await page.getByLabel('E-mail address').fill(account.email);
      await page.getByLabel('Password').fill(account.password);
      await page.getByRole('button', { name: 'Create an account' }).click();
      await page.getByText('The account is made.').waitFor();
      expectError(/status of 401/);
      await page.getByLabel('Password').fill('something else entirely');
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByRole('alert').getByText('The e-mail address or the password is wrong.').waitFor();
      await signIn(page, account);
      await page.getByText('new.person@example.com, User').waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    });
  });

  it('signs in with the identity provider, and leaves no token in the address', async () => {
    await visit(world(), async ({ page }) => {
      await page.getByRole('button', { name: 'Sign in with your organization' }).click();
      await page.getByText(`${world().provider_email}, User`).waitFor();
      expect(page.url()).not.toContain('refresh_token');
      expect(await page.evaluate(() => history.length)).toBeLessThanOrEqual(3);
    });
  });

  it('chats: the answer streams, says what it cost and that a simulator gives it; the conversation goes on', async () => {
    await visit(world(), async ({ page }) => {
      await signIn(page, world().accounts.user);
      await page.getByText('A simulator answers').waitFor();
      await page.getByText('How to set a model').click();
      await page.getByText('OPENAI_API_KEY=… ./platform secrets rotate dev').waitFor();
      const lengths = await lengthsWhile(page, () => say(page, 'Which companies are there?'));
      expect(new Set(lengths).size, 'lengths of the answer as it grew').toBeGreaterThan(3);
      await page.getByText(/^Tokens: \d+ in, \d+ out$/).waitFor();
      await say(page, 'And which warehouses?');
      await page.getByRole('link', { name: 'New conversation' }).click();
      await page.getByText('Ask about your 1C base').waitFor();
      expect(await page.getByRole('article').count()).toBe(0);
      await page.getByRole('link', { name: 'Which companies are there?' }).click();
      await page.getByText('And which warehouses?').waitFor();
      await say(page, 'Thank you');
      expect(await page.getByRole('article').count()).toBe(6);
      page.once('dialog', (dialog) => dialog.accept());
      await page.getByRole('button', { name: 'Delete the conversation “Which companies' }).click();
      await page.getByText('There is no conversation yet.').waitFor();
    });
  });

  it('begins anew after a first message that got no answer', async () => {
    await visit(world(), async ({ page, expectError }) => {
      await signIn(page, world().accounts.user);
      await page.route('**/api/ai/chat', (route) => route.abort());
      expectError(/ERR_FAILED/);
      await page.getByRole('textbox', { name: 'Message' }).fill('Is anybody there?');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').waitFor();
      await page.getByRole('link', { name: 'New conversation' }).click();
      await page.getByText('Ask about your 1C base').waitFor();
      expect(await page.getByRole('article').count()).toBe(0);
    });
  });

  it('writes code, coloured, and copies it with a click', async () => {
    await visit(world(), async ({ page }) => {
      await signIn(page, world().accounts.user);
      await goTo(page, 'Code');
      await page.getByLabel('What to write').selectOption('module');
      await page.getByRole('textbox', { name: 'Description' }).fill('Список организаций');
      await page.getByRole('button', { name: 'Write it' }).click();
      await page.locator('.code .keyword', { hasText: 'Функция' }).first().waitFor();
      await page.getByRole('button', { name: 'Copy' }).click();
      await page.getByRole('button', { name: 'Copied' }).waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      expect(copied).toContain('Новый Запрос("ВЫБРАТЬ\n');
      expect(copied).toBe(await page.locator('.code code').textContent());
    });
  });

  it('copies data of 1C, shows the progress, and what failed in the words of 1C', async () => {
    await visit(world(), async ({ page }) => {
      await signIn(page, world().accounts.analyst);
      await goTo(page, '1C');
      await page.getByRole('rowheader', { name: 'Ромашка ООО' }).waitFor();
      await page.getByLabel('Search').fill('реализация');
      await page.getByLabel(/^РеализацияТоваровУслуг/).check();
      await page.getByRole('button', { name: 'Start the synchronization' }).click();
      await page.getByRole('button', { name: 'Cancel' }).waitFor();
      await page.getByRole('progressbar', { name: /^Progress/ }).waitFor();
      await page.getByText('Read: 1,200, stored: 1,200').waitFor();
      await page.getByLabel('Search').fill('закрытый');
      await page.getByLabel(/^Закрытый/).check();
      await page.getByRole('button', { name: 'Start the synchronization' }).click();
      await page.getByText('1C says: Сущность Catalog_Закрытый не найдена').waitFor();
      await page.getByRole('button', { name: 'Resume' }).waitFor();
    });
  });

  it('tells a user who may start a synchronization', async () => {
    await visit(world(), async ({ page }) => {
      await signIn(page, world().accounts.user);
      await goTo(page, '1C');
      await page.getByText('Analysts and administrators may start').waitFor();
      expect(await page.getByRole('button', { name: 'Start the synchronization' }).count()).toBe(0);
      expect(await page.getByRole('link', { name: 'Administration' }).count()).toBe(0);
    });
  });

  it('shows dashboards; makes a report and saves it as CSV, XLSX and PNG', async () => {
    await visit(world(), async ({ page }) => {
      await signIn(page, world().accounts.analyst);
      await goTo(page, 'Dashboards');
      await page.getByRole('link', { name: 'Use of AI' }).click();
      await page.getByText('Figures of the whole platform.').waitFor();
      await page.getByText('As a table').first().click();
      await page.getByRole('table', { name: 'AI requests' }).waitFor();
      expect(await page.locator('rect').count()).toBeGreaterThan(4);
      await goTo(page, 'Reports');
      await page.getByLabel('Title (optional)').fill('Our first report');
      await page.getByRole('button', { name: 'Make the report' }).click();
      await page.getByRole('heading', { name: 'Our first report' }).waitFor();
      expect((await saved(page, 'CSV')).toString()).toMatch(/^\uFEFF?date,/);
      expect((await saved(page, 'XLSX')).subarray(0, 2).toString()).toBe('PK');
      expect((await saved(page, 'PNG')).subarray(1, 4).toString()).toBe('PNG');
      await page.getByRole('button', { name: 'Delete the report “Our first report”' }).click();
      await page.getByText('There is no report yet.').waitFor();
    });
  });

  it('administers: a role, an alert, the audit chain, and where monitoring is', async () => {
    await visit(world(), async ({ page }) => {
      await signIn(page, world().accounts.admin);
      await goTo(page, 'Administration');
      await page.getByLabel('E-mail address begins with').fill('new.person');
      await page.getByLabel('Role of new.person@example.com').selectOption('analyst');
      await page.getByText('new.person@example.com is now: Analyst.').waitFor();
      const acknowledge = page.getByRole('button', { name: /^Acknowledge: / }).first();
      const label = await acknowledge.getAttribute('aria-label');
      await acknowledge.click();
      await page
        .getByRole('button', { name: label?.replace('Acknowledge', 'Reopen') ?? '' })
        .first()
        .waitFor();
      await page.getByText('History').first().waitFor();
      await page.getByRole('button', { name: 'Verify the chain' }).click();
      await page.getByText(/^The chain verifies: \d+ entries/).waitFor();
      const grafana = page.getByRole('link', { name: 'Grafana, dev' });
      expect(await grafana.getAttribute('href')).toBe('http://localhost:3001');
    });
  });

  it('renews a session before it ends, with each refresh token used once', async () => {
    await visit(world(), async ({ page }) => {
      await page.clock.install();
      await page.reload();
      const spent: string[] = [];
      page.on('request', (request) => {
        if (request.url().endsWith('/auth/refresh')) spent.push(request.postDataJSON().refresh_token);
      });
      await signIn(page, world().accounts.user);
      for (const section of ['Dashboards', 'Reports']) {
        await page.clock.fastForward('31:00');
        await goTo(page, section);
        await page.getByRole('heading', { name: section, level: 1 }).waitFor();
        await page.getByText(/Your own figures|There is no report yet/).waitFor();
      }
      expect(spent).toHaveLength(2);
      expect(new Set(spent).size).toBe(2);
    });
  });

  it('asks to sign in again when the session was ended elsewhere', async () => {
    await visit(world(), async ({ page, context, expectError }) => {
      const ended = { email: 'new.person@example.com', password: 'seven green lighthouses' };
      await signIn(page, ended);
      const admin = await context.newPage();
      await admin.goto(world().page);
      await signIn(admin, world().accounts.admin);
      await goTo(admin, 'Administration');
      await admin.getByLabel('Role of new.person@example.com').selectOption('user');
      await admin.getByText('is now: User').waitFor();
      expectError(/status of 401/);
      await goTo(page, 'Dashboards');
      await page.getByText('Your session has ended. Sign in again.').waitFor();
    });
  });

  it('speaks Russian, from the first word when the browser does', async () => {
    const russian = async (page: Page) => {
      await page.getByRole('heading', { name: 'Войти' }).waitFor();
      expect(await page.evaluate(() => document.documentElement.lang)).toBe('ru');
    };
    await visit(world(), async ({ page }) => russian(page), { locale: 'ru-RU' });
    await visit(world(), async ({ page }) => {
      await page.getByLabel('Language').selectOption('ru');
      await russian(page);
    });
  });

  it('can be used with the keyboard alone', async () => {
    await visit(world(), async ({ page }) => {
      const press = async (...keys: readonly string[]) => {
        for (const key of keys) await page.keyboard.press(key);
      };
      const { email, password } = world().accounts.user;
      await press('Tab', 'Enter', 'Tab');
      await page.keyboard.type(email);
      await press('Tab');
      await page.keyboard.type(password);
      await press('Enter');
      await page.getByRole('button', { name: 'Sign out' }).waitFor();
      for (let steps = 0; steps < 40; steps++) {
        await press('Tab');
        if (
          await page
            .getByRole('textbox', { name: 'Message' })
            .evaluate((box) => box === document.activeElement)
        )
          break;
      }
      await page.keyboard.type('Which goods?');
      await press('Enter');
      await page.getByText(/^Tokens:/).waitFor();
    });
  });
}

/** Samples the length of the last message during an action. */
async function lengthsWhile(page: Page, action: () => Promise<void>): Promise<readonly number[]> {
  const lengths: number[] = [];
  let ended = false;
  const done = action().finally(() => {
    ended = true;
  });
  while (!ended)
    lengths.push(await page.locator('.message').evaluateAll((all) => all.at(-1)?.textContent?.length ?? 0));
  await done;
  return lengths;
}

async function saved(page: Page, format: string): Promise<Buffer> {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: `Download “Our first report” as ${format}` }).click();
  return readFileSync(await (await download).path());
}
