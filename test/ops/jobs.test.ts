/** The command gives up at once on a Job whose pod cannot start. Kubectl is a script. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runJob } from '../../ops/steps/jobs.ts';
import { Kubectl } from '../../ops/tools/kubectl.ts';
import { useFakeTools } from '../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'jobs-'));
const [calls, pods] = [join(folder, 'calls'), join(folder, 'pods')];

useFakeTools({
  kubectl: `PATH=/usr/bin:/bin
  echo "$*" >> ${calls}
  case "$*" in
  *"get pods"*) cat ${pods} ;;
  *) echo '{"kind": "List", "items": []}' ;;
  esac`,
});
afterAll(() => rmSync(folder, { recursive: true }));

const listed = (reason: string) =>
  JSON.stringify({
    kind: 'List',
    items: [
      {
        metadata: {
          name: 'migrate-x-1',
          namespace: 'assistants',
          creationTimestamp: '2026-01-01T00:00:00Z',
        },
        status: {
          phase: 'Pending',
          containerStatuses: [
            { name: 'migrate', ready: false, restartCount: 0, state: { waiting: { reason } } },
          ],
        },
      },
    ],
  });

describe('a job whose pod cannot start', () => {
  it.each(['ImagePullBackOff', 'CreateContainerConfigError'])(
    'fails with %s and is removed, so that it does not run after the command has gone',
    async (reason) => {
      writeFileSync(calls, '');
      writeFileSync(pods, listed(reason));
      const metadata = { name: 'migrate-x', namespace: 'assistants' };
      const job = { apiVersion: 'batch/v1', kind: 'Job', metadata, spec: {} } as const;
      const running = runJob(new Kubectl('kind-x'), job, { title: 'migration of x', timeoutSeconds: 5 });
      await expect(running).rejects.toThrow(
        `migration of x: its pod does not start (migrate-x-1: migrate: ${reason})`,
      );
      expect(readFileSync(calls, 'utf8')).toContain('delete job migrate-x --namespace=assistants');
    },
  );
});
