/** README, also in Russian: short, without anything to fill in, and all of its commands are run by a test. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../ops/core/paths.ts';
import { FIRST_PAGE, RUN_ELSEWHERE } from '../e2e/first-page.ts';
import { blocksOf, README, README_BLOCKS, RUSSIAN, RUSSIAN_PATH } from '../support/readme.ts';

const LINES = 200;
const CHARACTERS = 160;

describe.each([
  ['README.md', README],
  [RUSSIAN_PATH, RUSSIAN],
])('%s', (file, page) => {
  const lines = page.trimEnd().split('\n');
  it(`has fewer than ${LINES} lines, none longer than ${CHARACTERS} characters`, () => {
    expect(lines.length).toBeLessThan(LINES);
    expect(lines.filter((line) => line.length > CHARACTERS)).toEqual([]);
  });
  it('has blocks of the diagram and of shell commands only', () => {
    const kinds = [...page.matchAll(/^```(\w*)$/gm)].map(([, kind]) => kind).filter(Boolean);
    expect(kinds.filter((kind) => kind === 'mermaid')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'sh')).toHaveLength(README_BLOCKS.length);
    expect(kinds).toHaveLength(README_BLOCKS.length + 1);
  });
  it.each([...page.matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map(([, path = '']) => path))(
    'links to %s, which there is',
    (path) => {
      expect(existsSync(join(ROOT, dirname(file), path))).toBe(true);
    },
  );
});

const unknownIn = (commands: readonly string[]) =>
  commands.filter(
    (command) =>
      !(command in RUN_ELSEWHERE) &&
      FIRST_PAGE.filter((expected) => command.includes(expected.command)).length !== 1,
  );

describe("the commands of README's first page", () => {
  const commands = README_BLOCKS.flatMap(({ commands }) => commands);
  it('are those that the end-to-end test runs, in its order', () => {
    expect(unknownIn(commands)).toEqual([]);
    const run = commands.filter((command) => !(command in RUN_ELSEWHERE));
    expect(run.map((command) => FIRST_PAGE.findIndex((each) => command.includes(each.command)))).toEqual(
      FIRST_PAGE.map((_, index) => index),
    );
  });
  it.each(Object.entries(RUN_ELSEWHERE))('%s is run in another place', (command, [file, line]) => {
    expect(commands).toContain(command);
    expect(readFileSync(join(ROOT, file), 'utf8')).toMatch(line);
  });
  it('can be pasted: nothing to fill in, no comment (zsh has none), no line that goes on', () => {
    for (const command of commands)
      expect(command).not.toMatch(/\s#|\\$|\b[A-Z]+_(ID|TOKEN)\b|…|\.\.\.|<[a-z]+>/);
  });
  it('a block that no test runs is found', () => {
    const [block] = blocksOf(`a\n\n${'```'}sh\n./platform health\n${'```'}\n`);
    expect(block).toEqual({ line: 4, commands: ['./platform health'] });
    expect(unknownIn(block?.commands ?? [])).toEqual(['./platform health']);
  });
});
