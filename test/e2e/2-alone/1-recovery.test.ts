/** A pod that is killed comes back and serves; a database that is killed comes back with its data. */
import { describe, expect, it } from 'vitest';
import { call, eventually, kubectl, NAMESPACE, signIn } from '../support.ts';

const podName = (component: string): string =>
  kubectl('get', 'pods', '-n', NAMESPACE, '-l', `app.kubernetes.io/name=${component}`, '-o', 'name')
    .trim()
    .split('\n')[0] ?? '';

describe('a killed pod', () => {
  it.each(['api-gateway', 'user-management', 'postgres-user-management', 'redis'])(
    '%s comes back, and accounts are still there',
    async (component) => {
      const { id, token } = await signIn();
      const before = podName(component);
      const started = Date.now();
      kubectl('delete', '-n', NAMESPACE, before, '--grace-period=0', '--force', '--wait=false');
      await eventually(120, async () => {
        const ready = kubectl(
          'get',
          'pods',
          '-n',
          NAMESPACE,
          '-l',
          `app.kubernetes.io/name=${component}`,
          '-o',
          'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}',
        );
        expect(ready).toBe('True');
        const answer = await call(`/api/users/${id}`, { token });
        expect(answer.status, answer.text).toBe(200);
      });
      console.info(
        `${component}: serving again ${((Date.now() - started) / 1000).toFixed(1)} s after the kill`,
      );
    },
  );
});

describe('backup and restore drill', () => {
  it('a backup is taken, the drill restores it and finds every table equal', async () => {
    await signIn();
    const stamp = Date.now().toString(36);
    for (const kind of ['backup', 'restore-drill']) {
      const job = `${kind}-e2e-${stamp}`;
      kubectl('create', 'job', job, '-n', NAMESPACE, `--from=cronjob/${kind}-user-management`);
      kubectl('wait', '-n', NAMESPACE, `job/${job}`, '--for=condition=Complete', '--timeout=120s');
      const log = kubectl('logs', '-n', NAMESPACE, `job/${job}`);
      console.info(log.trim());
      expect(log).toMatch(kind === 'backup' ? /bytes, [1-9]\d* tables/ : /[1-9]\d* tables equal/);
      kubectl('delete', 'job', job, '-n', NAMESPACE, '--wait=false');
    }
  });
});
