/** Every verb of the old scripts leads to one of today. */
import { describe, expect, it } from 'vitest';
import { OLD_VERBS, oldVerbsTable } from '../../ops/core/old-verbs.ts';
import { VERBS } from '../../ops/verbs.ts';
import { output } from '../support/command.ts';

/** What the three scripts knew. */
const SCRIPTS: Readonly<Record<string, string>> = {
  'docker-dev':
    'setup start stop restart build logs status health shell test database redis monitor resources network backup restore clean check-deps optimize architecture',
  'docker-build': 'all SERVICE push clean summary scan',
  'docker-deploy': 'deploy rollback status validate backup',
};

describe('the table of old verbs', () => {
  it.each(Object.entries(SCRIPTS))('has every verb of %s', (script, verbs) => {
    const own = OLD_VERBS.filter((row) => row.script === script).map(({ verb }) => verb.split(' ')[0]);
    expect([...new Set(own)]).toEqual(verbs.split(' '));
  });
  it.each(OLD_VERBS)('$script $verb is ./platform $now', async ({ now }) => {
    const [name = '', ...rest] = now.split(' ');
    expect(VERBS.map((verb) => verb.name)).toContain(name);
    const help = await output(name, '--help');
    for (const option of rest.filter((word) => word.startsWith('--'))) expect(help).toContain(option);
  });
  it('is a table', () => {
    const lines = oldVerbsTable().trimEnd().split('\n');
    expect(lines).toHaveLength(OLD_VERBS.length + 2);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
  });
});
