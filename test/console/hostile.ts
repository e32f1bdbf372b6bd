/** The console shows hostile texts and never runs them, stores no tokens, and obeys its Content Security Policy. */
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { goTo, say, signIn, visit } from './visit.ts';
import type { World } from './world.ts';

const HOSTILE = `<img src=x onerror="document.title='run'"><script>document.title='run'</script>`;

/** The page shows the text as text: it creates no element from it and runs nothing. */
async function expectShown(page: Page): Promise<void> {
  await page.getByText(HOSTILE).first().waitFor();
  expect(await page.locator('img, #console script').count()).toBe(0);
  expect(await page.title()).not.toBe('run');
}

export function attacks(world: () => World): void {
  it('a hostile message, title of a conversation and name of a company are shown', async () => {
    await visit(world(), async ({ page }) => {
      await signIn(page, world().accounts.user);
      await say(page, HOSTILE);
      await expectShown(page);
      await page.getByRole('link', { name: '<img src=x' }).waitFor();
      await goTo(page, '1C');
      await expectShown(page);
    });
  });

  it('a hostile answer of a model is shown, within code too', async () => {
    await visit(world(), async ({ page }) => {
      await signIn(page, world().accounts.user);
      const body = [HOSTILE, `\n\`\`\`bsl\n"${HOSTILE}\n// ${HOSTILE}\n`]
        .map((text) => `event: delta\ndata: ${JSON.stringify({ text })}\n\n`)
        .join('');
      await page.route('**/api/ai/chat', (route) =>
        route.fulfill({ contentType: 'text/event-stream', body }),
      );
      await page.getByRole('textbox', { name: 'Message' }).fill('Hi');
      await page.keyboard.press('Enter');
      await page.getByText('The answer ended before its end arrived.').waitFor();
      await expectShown(page);
      expect(await page.locator('.code code').textContent()).toContain(`// ${HOSTILE}`);
    });
  });

  it('a hostile name of a user and a hostile problem are shown', async () => {
    await visit(world(), async ({ page, expectError }) => {
      await signIn(page, world().accounts.admin);
      await page.route('**/api/users?**', async (route) => {
        const answer = await route.fetch();
        const users = await answer.json();
        users.items[0].email = HOSTILE;
        await route.fulfill({ response: answer, json: users });
      });
      await goTo(page, 'Administration');
      await expectShown(page);
      expectError(/status of 503/);
      await page.route('**/api/security/audit/verify', (route) =>
        route.fulfill({
          status: 503,
          json: { title: 'No', detail: HOSTILE, errors: [{ location: [HOSTILE], message: HOSTILE }] },
        }),
      );
      await page.getByRole('button', { name: 'Verify the chain' }).click();
      await page.getByRole('alert').getByText(HOSTILE).first().waitFor();
      await expectShown(page);
    });
  });

  it('a token is in no address, storage, cookie or line of the console, and nothing is asked of other hosts', async () => {
    await visit(world(), async ({ page, context, urls, lines }) => {
      const tokens: string[] = [];
      page.on('response', async (response) => {
        if (response.url().endsWith('/auth/login')) {
          const { access_token, refresh_token } = await response.json();
          tokens.push(access_token, refresh_token);
        }
      });
      await signIn(page, world().accounts.admin);
      for (const section of ['Code', '1C', 'Dashboards', 'Reports', 'Administration', 'Chat'])
        await goTo(page, section);
      await say(page, 'Hi');
      expect(tokens).toHaveLength(2);
      const kept = await page.evaluate(async () =>
        JSON.stringify([
          { ...localStorage },
          { ...sessionStorage },
          document.cookie,
          await indexedDB.databases(),
          location.href,
          document.documentElement.outerHTML,
          Object.values(window).filter((value) => typeof value === 'string'),
        ]),
      );
      const seen = [kept, ...urls, ...lines].join('\n');
      for (const token of tokens) expect(seen).not.toContain(token);
      expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
      expect(await context.cookies()).toEqual([]);
      expect([...new Set(urls.map((url) => new URL(url).origin))]).toEqual([world().page]);
    });
  });

  it('a script, a handler, a style and an eval that are injected do not run', async () => {
    await visit(world(), async ({ page, expectError }) => {
      expectError(/script-src 'self'/);
      expectError(/style-src 'self'/);
      const directives = await page.evaluate(async () => {
        const found: string[] = [];
        document.addEventListener('securitypolicyviolation', (event) => found.push(event.effectiveDirective));
        const add = (tag: string, attributes: Readonly<Record<string, string>>, text = '') => {
          const element = document.createElement(tag);
          for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
          element.textContent = text;
          document.body.append(element);
        };
        add('script', {}, "document.title = 'run'");
        add('script', { src: 'https://example.com/script.js' });
        add('img', { src: '/missing.png', onerror: "document.title = 'run'" });
        add('div', { style: 'display: none' });
        while (found.length < 4) await new Promise((resolve) => setTimeout(resolve, 20));
        return [...new Set(found)].toSorted();
      });
      // In a turn of the page itself, because the policy does not apply to a debugger's calls.
      const evaluated = await page.evaluate(() =>
        new Promise((resolve) => setTimeout(resolve))
          .then(() => String(new Function('return 1')()))
          .catch((error: Error) => error.name),
      );
      expectError(/404/);
      expect(evaluated).toBe('EvalError');
      expect(directives).toEqual(['script-src-attr', 'script-src-elem', 'style-src-attr']);
      expect(await page.title()).not.toBe('run');
    });
  });

  it('another page cannot frame it', async () => {
    await visit(world(), async ({ context }) => {
      const framing = await context.newPage();
      // Another name makes the same server another origin, and its missing pages have no policy.
      await framing.goto(`${world().page.replace('localhost', '127.0.0.1')}/missing`);
      for (const path of ['/missing', '/'])
        await framing.evaluate(
          (url) =>
            new Promise((resolve) => {
              const frame = document.createElement('iframe');
              frame.onload = resolve;
              frame.src = url;
              document.body.append(frame);
            }),
          world().page + path,
        );
      // The browser replaces a refused frame with an error page after an unknown time.
      await expect
        .poll(() => framing.frames().map((frame) => frame.url()), { timeout: 30_000 })
        .toEqual([expect.any(String), `${world().page}/missing`, 'chrome-error://chromewebdata/']);
    });
  });
}
