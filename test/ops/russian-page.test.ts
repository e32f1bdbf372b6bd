/** The Russian page says what README says: the same headings, commands, links, pictures, code and figures. */
import { dirname, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { README, RUSSIAN, RUSSIAN_PATH } from '../support/readme.ts';

/** Every heading of README, and how the Russian page says it. */
const HEADINGS: Readonly<Record<string, string>> = {
  '# AI Assistants for 1C:Enterprise on Kubernetes': '# ИИ-помощники для 1С:Предприятия в Kubernetes',
  '## Two commands': '## Две команды',
  '## What you can do now': '## Что можно сделать прямо сейчас',
  '## Services': '## Сервисы',
  '## Environments': '## Окружения',
  '## More': '## Дальше',
};

interface Page {
  /** Path from the root. */
  readonly file: string;
  readonly text: string;
}

const ENGLISH: Page = { file: 'README.md', text: README };

/** Blocks with the word after their fence: shell commands and the diagram. */
const BLOCK = /^```\w*\n.*?^```$/gms;
const proseOf = ({ text }: Page): string => text.replaceAll(BLOCK, '');
const headingsOf = (page: Page): readonly string[] => proseOf(page).match(/^#+ .+$/gm) ?? [];

/** Where links and pictures lead, as paths from the root. Each page also leads to the other: those links are left out. */
function targetsOf(page: Page): readonly string[] {
  return [...proseOf(page).matchAll(/(!?)\[[^\]]*\]\(([^)]+)\)/g)]
    .map(([, picture = '', target = '']) => {
      const path = /^https?:/.test(target) ? target : normalize(`${dirname(page.file)}/${target}`);
      return `${picture}${path}`;
    })
    .filter((target) => ![ENGLISH.file, RUSSIAN_PATH].includes(target))
    .toSorted();
}

const codeOf = (page: Page): readonly string[] => (proseOf(page).match(/`[^`]+`/g) ?? []).toSorted();

/** Versions, sizes, ports, counts. The digit of "1C" is part of a word. */
const figuresOf = (page: Page): readonly string[] =>
  (
    proseOf(page)
      .replaceAll(/`[^`]+`|\]\([^)]+\)/g, '')
      .match(/(?<![\p{L}\p{N}_])\d+(?:[.,]\d+)*(?![\p{L}\p{N}_])/gu) ?? []
  ).toSorted();

const rowsOf = (page: Page): number => (proseOf(page).match(/^\|/gm) ?? []).length;

const COMPARED: Readonly<Record<string, (page: Page) => unknown>> = {
  headings: (page) =>
    headingsOf(page).map((heading) =>
      page.file === ENGLISH.file ? (HEADINGS[heading] ?? heading) : heading,
    ),
  commands: ({ text }) => text.match(BLOCK) ?? [],
  'links and pictures': targetsOf,
  'code in sentences': codeOf,
  figures: figuresOf,
  'rows of tables': rowsOf,
};

const differences = (english: string, russian: string): readonly string[] =>
  Object.entries(COMPARED)
    .filter(([, of]) => {
      const [one, other] = [of({ ...ENGLISH, text: english }), of({ file: RUSSIAN_PATH, text: russian })];
      return JSON.stringify(one) !== JSON.stringify(other);
    })
    .map(([what]) => what);

describe(RUSSIAN_PATH, () => {
  it.each(Object.entries(COMPARED))('has the %s of README', (_, of) => {
    expect(of({ file: RUSSIAN_PATH, text: RUSSIAN })).toEqual(of(ENGLISH));
  });
  it('and README lead to each other, each in one line', () => {
    expect(README.match(/\]\(docs\/ru\/README\.md\)/g)).toHaveLength(1);
    expect(RUSSIAN.match(/\]\(\.\.\/\.\.\/README\.md\)/g)).toHaveLength(1);
  });
  it('is in Russian: a sentence that was left in English is found', () => {
    const english = proseOf({ file: RUSSIAN_PATH, text: RUSSIAN })
      .replaceAll(/`[^`]+`|<!--.*?-->|\]\([^)]+\)|https?:\S+/g, ' ')
      .match(/(?:\b[a-z]+\b[ ,]+){3,}\b[a-z]+\b/g);
    expect(english).toBeNull();
  });
});

describe('a page that was changed alone is found', () => {
  it.each([
    ['a command', './platform status\n', './platform status --json\n', 'commands'],
    ['a heading', '## Сервисы\n', '', 'headings'],
    ['the level of a heading', '## Окружения', '### Окружения', 'headings'],
    ['a link', '../console.md', '../consoles.md', 'links and pictures'],
    ['a port', '| 8001 |', '| 8010 |', 'figures'],
    ['a path', '`/api/1c/`', '`/api/1s/`', 'code in sentences'],
  ])('%s of the Russian one', (_, from, to, what) => {
    expect(RUSSIAN).toContain(from);
    expect(differences(README, RUSSIAN.replace(from, to))).toContain(what);
  });
  it.each([
    ['a command', './platform up\n', './platform start\n', 'commands'],
    ['a heading', '## Services\n', '', 'headings'],
    ['a heading that is new', '## More', '## News\n\n## More', 'headings'],
    ['a row', /^\| \[Decisions\].*\n/m, '', 'rows of tables'],
  ])('%s of the English one', (_, from, to, what) => {
    expect(README).toMatch(from);
    expect(differences(README.replace(from, to), RUSSIAN)).toContain(what);
  });
});
