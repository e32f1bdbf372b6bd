/** The documents agree with the command, and its scripts use only portable tools. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../../ops/core/paths.ts';
import { VERBS } from '../../ops/verbs.ts';
import { README_BLOCKS } from '../support/readme.ts';

describe('documents', () => {
  let commands: ReadonlyMap<string, Command>;
  beforeAll(async () => {
    const loaded = await Promise.all(VERBS.map(({ load }) => load()));
    commands = new Map(
      loaded.flatMap((group) => [
        [group.name(), group] as const,
        ...group.commands.map((command) => [`${group.name()} ${command.name()}`, command] as const),
      ]),
    );
  });
  it('claim --json, --dry-run and --yes only of verbs that have them', () => {
    const text = readFileSync(`${ROOT}/docs/operations.md`, 'utf8');
    for (const flag of ['--json', '--dry-run', '--yes']) {
      const row = new RegExp(`^\\| \`${flag}\` +\\| (.+?) +\\|$`, 'm').exec(text)?.[1]?.split(', ');
      const having = [...commands].filter(([, { options }]) => options.some(({ long }) => long === flag));
      expect(row, flag).toEqual(having.map(([name]) => name));
    }
  });
});

/** Not in bash 3.2 or in the BSD tools of macOS. `checksum` of scripts/python-env chooses between two. */
const GNU_ONLY: Readonly<Record<string, RegExp>> = {
  'readlink -f': /readlink -|realpath/,
  'sha256sum without another way': /(?<!then )(?<!command -v )\b(sha\d+|md5)sum\b/,
  'sed -i, sed -r': /\bsed -[a-zA-Z]*[ir]/,
  'grep -P': /\bgrep -[a-zA-Z]*P/,
  'date -d, %N': /\bdate (-d|--date|.*%N)/,
  'stat -c': /\bstat -c/,
  'head -n -1, tac, nproc, timeout': /\bhead -n -|\b(tac|nproc)\b|^\s*timeout /m,
  'sort -V, xargs -r, cp -t, mktemp -t':
    /\bsort -[a-zA-Z]*V|\bxargs -[a-zA-Z]*r|\bcp -[a-zA-Z]*t|\bmktemp .*--/,
  'bash 4':
    /\b(mapfile|readarray|coproc)\b|(declare|local|typeset) -[a-zA-Z]*[An]|\$\{\w+(,,|\^\^|@)|&>>|\|&|wait -n|shopt -s (inherit_errexit|globstar|lastpipe)(?!.*\|\| true)/,
};

const SCRIPTS = [
  'platform',
  ...readdirSync(`${ROOT}/scripts`, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.includes('.'))
    .map(({ name }) => `scripts/${name}`),
];

describe.each(SCRIPTS)('%s', (script) => {
  const code = readFileSync(join(ROOT, script), 'utf8').replaceAll(/^\s*#.*$/gm, '');
  it.each(Object.entries(GNU_ONLY))('does without %s', (_, pattern) => {
    expect(code).not.toMatch(pattern);
  });
});

describe.each(README_BLOCKS.map(({ line, commands }) => [line, commands.join('\n')] as const))(
  'the commands on line %i of README',
  (_line, code) => {
    it.each(Object.entries(GNU_ONLY))('do without %s', (_, pattern) => {
      expect(code).not.toMatch(pattern);
    });
  },
);

it('the patterns find what they name', () => {
  for (const [text, name] of [
    ['root=$(readlink -f "$0")', 'readlink -f'],
    ['want=$(sha256sum < "$lock")', 'sha256sum without another way'],
    ["sed -i 's/a/b/' file", 'sed -i, sed -r'],
    ['declare -A map', 'bash 4'],
    ['shopt -s inherit_errexit', 'bash 4'],
  ] as const)
    expect(text).toMatch(GNU_ONLY[name] ?? /never/);
});
