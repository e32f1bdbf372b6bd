/** Bundles are applied in their order, and each is waited for before what needs it is applied. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../ops/core/objects.ts';
import { type Bundle, installBundles } from '../../ops/steps/bundles.ts';
import { Kubectl } from '../../ops/tools/kubectl.ts';
import { useFakeTools } from '../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'bundles-'));
const log = join(folder, 'log');
afterAll(() => rmSync(folder, { recursive: true }));

const object = (kind: string, name: string, namespace?: string): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, ...(namespace ? { namespace } : {}) },
});
const bundle = (file: string, ...objects: readonly KubeObject[]): Bundle => ({ file, digest: file, objects });

/** Shell of every name: only built-in commands, as PATH has nothing else. */
const kubectl = `echo "$*" >> ${log}
case "$*" in *get*) echo '{"items":[]}' ;; esac`;

describe('bundles', () => {
  useFakeTools({ kubectl });
  it('a webhook answers before the next bundle is applied', async () => {
    const installed = await installBundles(new Kubectl('kind-test'), [
      bundle(
        'operator',
        object('CustomResourceDefinition', 'clusters.example.com'),
        object('Deployment', 'manager', 'operator-system'),
        object('ValidatingWebhookConfiguration', 'operator'),
      ),
      bundle('exporter', object('Deployment', 'exporter', 'kube-system')),
    ]);
    expect(installed).toEqual(['operator', 'exporter']);
    const done = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => / (apply|wait) /.test(line))
      .map((line) => line.replace(/^.*?(apply|wait) /, '$1 ').split(' --')[0]);
    expect(done).toEqual([
      'apply',
      'wait customresourcedefinition/clusters.example.com',
      'wait deployment/manager',
      'apply',
      'apply',
    ]);
  });
});
