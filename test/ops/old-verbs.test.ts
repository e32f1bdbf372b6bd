/** Every verb of the scripts this command replaces leads to one of today: the table in docs/operations.md. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VERBS } from '../../ops/verbs.ts';
import { output } from '../support/command.ts';
import { root } from '../support/objects.ts';

/** The verbs of the three scripts. */
const SCRIPTS: Readonly<Record<string, string>> = {
  'docker-dev':
    'setup start stop restart build logs status health shell test database redis monitor resources network backup restore clean check-deps optimize architecture',
  'docker-build': 'all SERVICE push clean summary scan',
  'docker-deploy': 'deploy rollback status validate backup',
};

const ROW = /^\| `(?<script>docker-\w+) (?<verb>[^`]+)` +\| `\.\/platform (?<now>[^`]+)` +\|/gm;
const rows = [...readFileSync(root('docs/operations.md'), 'utf8').matchAll(ROW)].map(({ groups = {} }) => ({
  script: groups.script ?? '',
  verb: groups.verb ?? '',
  now: groups.now ?? '',
}));

describe('the table of old verbs', () => {
  it.each(Object.entries(SCRIPTS))('has every verb of %s', (script, verbs) => {
    const own = rows.filter((row) => row.script === script).map(({ verb }) => verb.split(' ')[0]);
    expect([...new Set(own)]).toEqual(verbs.split(' '));
  });
  it.each(rows)('$script $verb is ./platform $now', async ({ now }) => {
    const [name = '', ...rest] = now.split(' ');
    expect(VERBS.map((verb) => verb.name)).toContain(name);
    const help = await output(name, '--help');
    for (const option of rest.filter((word) => word.startsWith('--'))) expect(help).toContain(option);
  });
});
