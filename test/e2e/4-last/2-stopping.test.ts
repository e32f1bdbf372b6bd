/** The verbs that need every component, and those that stop the cluster and start it again. */
import { describe, expect, it } from 'vitest';
import { call, eventually, platform, timed, topology } from '../support.ts';
import { done, withValues } from '../verbs.ts';

const SERVICES = topology.services.map(({ name }) => name);

describe('looking', () => {
  it('health: every component is well, and services say how long their stores take', async () => {
    const rows = JSON.parse(await done(withValues('health', '--json')));
    expect(rows.filter(({ ok }: { ok: boolean }) => !ok)).toEqual([]);
    const security = rows.find(({ component }: { component: string }) => component === 'security');
    const checks = security.checks.map(({ name, latencyMs }: { name: string; latencyMs: number }) => [
      name,
      latencyMs >= 0,
    ]);
    expect(checks).toEqual([
      ['database', true],
      ['redis', true],
    ]);
    console.info(`health: ${rows.length} well, security ${JSON.stringify(security.checks)}`);
  });
  it('resources: every component of the topology uses something, below its limit', async () => {
    // metrics-server reports a pod only half a minute after its start.
    const { components, nodes } = await eventually(90, async () => {
      const found = JSON.parse(await done(withValues('resources', '--json')));
      expect(found.components.filter(({ used }: { used?: unknown }) => !used)).toEqual([]);
      return found;
    });
    for (const { component, used, limit } of components) {
      expect(used.memory, component).toBeGreaterThan(0);
      expect(used.memory, component).toBeLessThan(limit.memory);
    }
    expect(components.map(({ component }: { component: string }) => component)).toEqual(
      topology.components.filter(({ presence }) => presence === 'always').map(({ name }) => name),
    );
    expect(nodes).toHaveLength(1);
  });
});

describe('seeding', () => {
  it('seed: brings users and companies, and the second time keeps them', async () => {
    await done(withValues('seed', '--json'));
    const again = JSON.parse(await done(withValues('seed', '--json')));
    console.info(`seed: ${JSON.stringify(again)}`);
    expect(again).toMatchObject({ usersCreated: 0, usersKept: 3 });
    expect(again.companies).toBeGreaterThan(0);
  });
});

describe('stopping', () => {
  it('stop and start: what was written is there, and the time until all is ready is printed', async () => {
    const mark = `mark-${Date.now()}`;
    await done(timed('redis', 'SET', mark, 'kept', 'EX', '3600'));
    const stopped = await timed('stop');
    expect(stopped.exitCode, stopped.stderr).toBe(0);
    expect((await platform('status')).stderr).toContain('not reachable');
    const { seconds } = JSON.parse(await done(withValues('start', '--json')));
    console.info(`stop: ${stopped.seconds} s; start to all ready: ${seconds} s (goal 30)`);
    expect(await done(timed('redis', 'GET', mark))).toBe('kept');
    await done(withValues('status'));
    for (const service of SERVICES) expect((await call(`/${service}-nothing`)).status).toBeLessThan(500);
  });
});
