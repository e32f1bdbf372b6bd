/** README's first page, line by line as it is pasted, in one bash. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { README_BLOCKS } from '../../support/readme.ts';
import { FIRST_PAGE, RUN_ELSEWHERE } from '../first-page.ts';
import { eventually, ROOT, VALUES } from '../support.ts';

const END = '@end-of-command';

/** A bash that keeps its variables from one command to the next. */
class Terminal {
  readonly #shell: ChildProcess;
  #printed = '';

  constructor(folder: string) {
    // The page's commands write to a temporary folder.
    this.#shell = spawn('bash', { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#shell.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#printed += text;
    });
  }

  /** What a command prints, without the newline at its end. */
  async run(command: string): Promise<string> {
    this.#printed = '';
    this.#shell.stdin?.write(`${command} < /dev/null\nprintf '\\n%s %s\\n' '${END}' "$?"\n`);
    const end = new RegExp(`\\n${END} (\\d+)\\n`);
    return eventually(120, () => {
      const [tail, status] = end.exec(this.#printed) ?? [];
      if (tail === undefined) throw new Error(`${command}: not done, printed: ${this.#printed}`);
      expect(status, `${command}\n${this.#printed}`).toBe('0');
      return this.#printed.slice(0, this.#printed.indexOf(tail)).trimEnd();
    });
  }

  close(): void {
    this.#shell.stdin?.end();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'first-page-'));
let terminal: Terminal;
beforeAll(() => {
  terminal = new Terminal(folder);
  // The values also turn off parts that this cluster does not run.
  const script = `#!/bin/sh\nexec '${ROOT}/platform' "$@" --values '${VALUES}'\n`;
  writeFileSync(join(folder, 'platform'), script, { mode: 0o755 });
});
afterAll(() => {
  terminal.close();
  rmSync(folder, { recursive: true });
});

/** Other tests log in from the same address, and there are ten logins a minute for one. */
const LIMITED = /"status":429/;

/** Joins the streamed pieces of a sentence. */
const joined = (printed: string): string =>
  [...printed.matchAll(/^data: (\{"text":.*\})$/gm)].map(([, data = '']) => JSON.parse(data).text).join('');

async function until(command: string, prints: readonly RegExp[]): Promise<string> {
  return eventually(90, async () => {
    const output = await terminal.run(command);
    const printed = `${output}${joined(output)}`;
    expect(printed).not.toMatch(LIMITED);
    for (const pattern of prints) expect(printed).toMatch(pattern);
    return printed;
  });
}

const commands = README_BLOCKS.flatMap(({ commands }) => commands).filter(
  (command) => !(command in RUN_ELSEWHERE),
);

describe("README's first page", () => {
  it.each(commands)('%s', async (command) => {
    const expected = FIRST_PAGE.find((each) => command.includes(each.command));
    const printed = await until(command, expected?.prints ?? []);
    if (command.startsWith('TOKEN='))
      await eventually(90, async () => {
        await terminal.run(command);
        expect(await terminal.run('printf %s "$TOKEN"')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
      });
    console.info(`$ ${command}\n${printed}`.slice(0, 1500));
  });
  it('leaves the dashboard, a page with charts', () => {
    const page = readFileSync(join(folder, 'dashboard.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/i);
    expect(page).toContain('<svg');
    console.info(`dashboard.html: ${page.length} characters, ${page.match(/<svg/g)?.length} charts`);
  });
});
