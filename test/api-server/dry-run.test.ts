/**
 * Server-side dry run of every committed environment against a real API server (KUBECONFIG), with the definitions of
 * the prerequisites installed: nothing is rejected, and Pod Security warns about nothing outside node-agents.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ENVIRONMENTS } from '../../charts/config/environments.ts';
import { readManifests, root } from '../support/objects.ts';

const bundles = process.env.PLATFORM_BUNDLES ?? '';

function kubectl(...args: readonly string[]): string {
  const run = spawnSync('kubectl', args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (run.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${run.stderr}`);
  return run.stdout + run.stderr;
}

beforeAll(() => {
  for (const file of readdirSync(bundles))
    if (/operator|cert-manager/.test(file)) kubectl('apply', '--server-side', '-f', `${bundles}/${file}`);
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
