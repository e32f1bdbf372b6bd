import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERBS } from '../../ops/verbs.ts';
import { output } from '../support/command.ts';

let folder = '';
let file = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'completion-'));
  file = join(folder, 'platform.bash');
  writeFileSync(file, await output('completion', 'bash'));
  writeFileSync(join(folder, 'mine.yaml'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers for the last word of a line, as the Tab key asks for it. */
function offered(...words: readonly string[]): readonly string[] {
  const script = [
    `source ${file}`,
    'COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))',
    `spec=$(complete -p ./platform); function=\${spec#*-F }; \${function%% *}`,
    `printf '%s\\n' "\${COMPREPLY[@]}"`,
  ].join('\n');
  const options = { cwd: folder, encoding: 'utf8' } as const;
  const printed = execFileSync('bash', ['-uc', script, 'bash', './platform', ...words], options);
  return printed.split('\n').filter((line) => line !== '');
}

describe('bash', () => {
  it('completes verbs', () => {
    expect(offered('sta')).toEqual(['start', 'status']);
    expect(offered('')).toEqual(expect.arrayContaining(VERBS.map(({ name }) => name)));
  });
  it('completes options of the verb', () => {
    expect(offered('logs', '--re')).toEqual(['--request-id']);
    expect(offered('stop', '--')).toEqual(['--cluster-config', '--dry-run', '--help']);
  });
  it('completes services, and other components where they can be meant', () => {
    expect(offered('build', 'a')).toEqual(['api-gateway', 'ai-assistant', 'analytics']);
    expect(offered('build', 're')).toEqual([]);
    expect(offered('logs', 'api-gateway', 're')).toEqual(['redis']);
    expect(offered('scale', 'sec')).toEqual(['security=']);
  });
  it('completes values of options: environments, files, choices', () => {
    expect(offered('status', '--env', 'st')).toEqual(['staging']);
    expect(offered('status', '--values', 'mi')).toEqual(['mine.yaml']);
    expect(offered('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
  });
  it('offers nothing for a verb there is not', () => expect(offered('frobnicate', '')).toEqual([]));
});

describe('other shells', () => {
  it("zsh reads bash's through its own bashcompinit", async () => {
    expect(await output('completion', 'zsh')).toBe(
      `autoload -U +X bashcompinit && bashcompinit\n${await output('completion', 'bash')}`,
    );
  });
  it('fish has a line for each verb and each of its options', async () => {
    const script = await output('completion', 'fish');
    for (const { name } of VERBS) expect(script).toMatch(new RegExp(` -a ${name} -d '`));
    expect(script).toContain(`"__fish_seen_subcommand_from logs" -l request-id -d '`);
  });
  it('others are refused', async () => {
    await expect(output('completion', 'tcsh')).rejects.toThrow(/'tcsh' is invalid.*bash, zsh, fish/);
  });
});
