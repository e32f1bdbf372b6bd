/** The end of production: one command removes the environment; then the tests delete their cluster. */
import { afterAll, describe, expect, it } from 'vitest';
import { eventually, kubectl } from '../e2e/support.ts';
import { platform, removeCluster } from './support.ts';

const MINUTES = 60_000;

afterAll(() => void removeCluster(), 2 * MINUTES);

describe('the end', () => {
  it('one command removes everything', { timeout: 10 * MINUTES }, async () => {
    const removed = await platform(['remove'], '--yes');
    expect(removed.exitCode, removed.stderr).toBe(0);
    console.info(`remove: ${removed.seconds} s`);
    expect(kubectl('get', 'namespaces', '-o', 'name')).not.toContain('assistants');
    expect(
      kubectl('get', 'clusterroles,clusterrolebindings,ingressclasses,priorityclasses', '-o', 'name'),
    ).not.toMatch(/assistants/);
    await eventually(120, () => expect(kubectl('get', 'pv', '-o', 'name')).toBe(''));
  });
});
