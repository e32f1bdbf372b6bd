/** A page of an alert, as `./platform runbook` prints it for an environment. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../ops/core/paths.ts';
import { filled, labelsOf, placesOf } from '../../ops/core/runbook.ts';
import { placesTable } from '../../scripts/places-table.ts';
import { output } from '../support/command.ts';
import { configOf } from '../support/objects.ts';
import { typedIn } from '../support/typed-commands.ts';

const PAGES = readdirSync(join(ROOT, 'docs/runbooks')).map((name) => name.replace('.md', ''));
const page = (alert: string): string => readFileSync(join(ROOT, `docs/runbooks/${alert}.md`), 'utf8');

describe('runbook', () => {
  it('prints commands that can be pasted', async () => {
    const text = await output(
      'runbook',
      'ServiceDown',
      'service=security',
      '--env',
      'staging',
      '--context',
      'shared',
    );
    expect(text).toContain('./platform logs security --tail 50 --env staging --context shared\n');
    expect(text).toContain('-n assistants-staging -l app.kubernetes.io/name=security');
    expect(text).not.toMatch(/\b(SERVICE|ENVIRONMENT|CONTEXT|NAMESPACE\w*)\b/);
  });
  it('knows the local cluster, and names that a file gives', async () => {
    expect(await output('runbook', 'EdgeDown')).toContain(
      'kubectl --context kind-ai-assistants get pods,service -n assistants-edge',
    );
    const own = ['--set', 'namespaces.monitoring=watch', '--env', 'production', '--context', 'p'];
    expect(await output('runbook', 'Watchdog', ...own)).toContain('--context p get pods -n watch');
  });
  it.each([
    [['Serviced'], 'runbook: "Serviced" has no page'],
    [['../../README'], 'runbook: "../../README" has no page'],
    [['ServiceDown', '--env', 'production'], '--context: missing'],
    [
      ['ServiceDown', 'pod=x'],
      '"pod=x" is no placeholder of ServiceDown; expected a label such as service=…',
    ],
    [['ServiceDown', 'security'], '"security" is no placeholder of ServiceDown'],
  ])('%s is refused', async (args, message) => {
    await expect(output('runbook', ...args)).rejects.toThrow(message);
  });
  it.each(PAGES)('%s: every place is filled in', (alert) => {
    const text = filled(page(alert), placesOf(configOf('staging'), 'staging', 'shared'));
    expect(text).not.toMatch(/\b(ENVIRONMENT|CONTEXT|NAMESPACE_\w+)\b/);
    for (const { words } of typedIn(alert, text).filter(({ tool }) => tool === 'kubectl'))
      expect(words).toContain('shared');
  });
  it('a page without placeholders takes no labels', () => {
    expect(() => labelsOf('X', '`ls`', ['a=b'])).toThrow('the page has none');
  });
  it('the table has a column for each environment', () => {
    expect(placesTable([configOf('dev'), configOf('staging')])).toContain(
      '| `NAMESPACE_NODE_AGENTS` | `assistants-node-agents` | `assistants-node-agents-staging` |',
    );
  });
});
