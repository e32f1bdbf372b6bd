/**
 * Server-side dry run of every committed environment against a real API server (KUBECONFIG), with the definitions of
 * the prerequisites installed: nothing is rejected, and Pod Security warns about nothing outside node-agents.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { toYaml } from '../../charts/constructs/yaml.ts';
import { EVERYTHING } from '../support/everything.ts';
import { readManifests, render, root } from '../support/objects.ts';
import { installDefinitions } from './support.ts';

/** Runs kubectl; the output includes the warnings from standard error. */
function kubectl(...args: readonly string[]): string {
  const run = spawnSync('kubectl', args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (run.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${run.stderr}`);
  return run.stdout + run.stderr;
}

beforeAll(installDefinitions);

/** Kinds without a definition in the project's bundles. */
const WITHOUT_DEFINITION = ['CiliumNetworkPolicy', 'ExternalSecret'];

describe.each(ENVIRONMENTS)('%s with everything', (environment) => {
  const folder = mkdtempSync(join(tmpdir(), 'everything-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  // An API server of one address family refuses to give a Service two.
  it('is accepted', () => {
    const objects = render(environment, [EVERYTHING, { ipFamilies: ['IPv4'] }]).filter(
      ({ kind }) => !WITHOUT_DEFINITION.includes(kind),
    );
    writeFileSync(join(folder, 'all.yaml'), toYaml(...objects));
    const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
    writeFileSync(join(folder, 'namespaces.yaml'), toYaml(...namespaces));
    kubectl('apply', '--server-side', '-f', join(folder, 'namespaces.yaml'));
    const output = kubectl(
      ...['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', join(folder, 'all.yaml')],
    );
    const accepted = output
      .split('\n')
      .filter((line) => line.endsWith('serverside-applied (server dry run)'));
    console.info(`${environment} with everything: ${accepted.length} objects accepted`);
    expect(accepted).toHaveLength(objects.length);
  });
});

describe.each(ENVIRONMENTS)('dist/%s', (environment) => {
  const folder = root(`dist/${environment}`);
  it('is accepted whole, without a warning', () => {
    kubectl('apply', '--server-side', '-f', `${folder}/00-namespaces.k8s.yaml`);
    const output = kubectl('apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', folder);
    const lines = output.trim().split('\n');
    const accepted = lines.filter((line) => line.endsWith('serverside-applied (server dry run)'));
    const warnings = lines.filter((line) => line.startsWith('Warning') && !line.includes('node-agents'));
    console.info(`${environment}: ${accepted.length} objects accepted, ${warnings.length} warnings`);
    expect(accepted).toHaveLength(readManifests(folder).length);
    expect(warnings).toEqual([]);
  });
});
