/** What a local cluster gets when it is made, so that it is ready soon after a restart. */
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LocalCluster } from '../../ops/tools/kind.ts';
import { useFakeTools } from '../support/command.ts';
import { root } from '../support/objects.ts';

const CALLS = join(tmpdir(), `kind-create-${process.pid}`);
afterEach(() => {
  rmSync(CALLS, { force: true });
});

describe('a cluster of one control plane', () => {
  useFakeTools({
    kind: `case "$*" in 'get nodes'*) echo ai-assistants-control-plane; echo ai-assistants-worker ;; esac`,
    kubectl: `echo "$*" >> ${CALLS}`,
  });
  it('has a CoreDNS that calls the API server itself and is asked every second', async () => {
    await new LocalCluster().create(undefined);
    const [call = '', ...others] = readFileSync(CALLS, 'utf8').trim().split('\n');
    expect(others).toEqual([]);
    expect(call).toMatch(/^--context kind-ai-assistants patch --namespace kube-system deployment coredns /);
    const [container] = JSON.parse(call.slice(call.indexOf('{'))).spec.template.spec.containers;
    expect(container).toEqual({
      name: 'coredns',
      readinessProbe: { periodSeconds: 1 },
      env: [
        { name: 'KUBERNETES_SERVICE_HOST', value: 'ai-assistants-control-plane' },
        { name: 'KUBERNETES_SERVICE_PORT', value: '6443' },
      ],
    });
  });
});

describe('a cluster of two control planes', () => {
  useFakeTools({
    kind: `case "$*" in 'get nodes'*) echo two-control-plane; echo two-control-plane2 ;; esac`,
    kubectl: `echo "$*" >> ${CALLS}`,
  });
  it('has a CoreDNS that asks whichever API server the Service leads to', async () => {
    await new LocalCluster().create(undefined);
    expect(readFileSync(CALLS, 'utf8')).toContain('"periodSeconds":1');
    expect(readFileSync(CALLS, 'utf8')).not.toContain('KUBERNETES_SERVICE_HOST');
  });
});

const argument = z.union([
  z.record(z.string(), z.string()),
  z
    .array(z.object({ name: z.string(), value: z.string() }))
    .transform((all) => Object.fromEntries(all.map(({ name, value }) => [name, value]))),
]);
const component = z.strictObject({ extraArgs: argument });
const patch = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('ClusterConfiguration'),
  controllerManager: component,
  scheduler: component,
});

describe('kind-config.yaml', () => {
  const { kubeadmConfigPatches, nodes } = z
    .looseObject({ kubeadmConfigPatches: z.array(z.string()), nodes: z.array(z.unknown()) })
    .parse(load(readFileSync(root('kind-config.yaml'), 'utf8')));
  it('elects no leader where there is one control plane, and says so in both versions of kubeadm', () => {
    expect(nodes).toHaveLength(1);
    const patches = kubeadmConfigPatches.map((text) => patch.parse(load(text)));
    expect(patches.map(({ apiVersion }) => apiVersion)).toEqual([
      'kubeadm.k8s.io/v1beta3',
      'kubeadm.k8s.io/v1beta4',
    ]);
    for (const { controllerManager, scheduler } of patches)
      for (const { extraArgs } of [controllerManager, scheduler])
        expect(extraArgs).toEqual({ 'leader-elect': 'false' });
  });
});
