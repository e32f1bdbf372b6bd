/** checkov, in a Python environment of its own. */
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import type { Finding } from './judge.ts';
import type { Manifests } from './manifests.ts';

const LOCK = 'scripts/scanners/requirements.lock';
const VENV = '.cache/scanners/checkov';
const INSTALLED = `${VENV}/requirements.lock`;
/** checkov also counts the pods of these kinds as objects. */
const COUNTED_TWICE = ['Deployment', 'StatefulSet', 'DaemonSet', 'Job'];

/** Installs checkov from the hash-locked list; does nothing when it is up to date. */
export async function installCheckov(): Promise<void> {
  await execa(resolve('scripts/python-env'), { stdio: 'inherit' });
  const lock = readFileSync(LOCK, 'utf8');
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === lock) return;
  const packages = lock.split('\n').filter((line) => line.includes('==')).length;
  console.error(`checkov: installing ${packages} packages into ${VENV}`);
  const stdio = ['ignore', process.stderr, 'inherit'] as const;
  await execa('.venv/bin/python', ['-m', 'venv', '--clear', VENV], { stdio });
  const options = ['--require-hashes', '--no-deps', '--only-binary=:all:', '--progress-bar=on'];
  await execa(`${VENV}/bin/python`, ['-m', 'pip', 'install', ...options, '--requirement', LOCK], { stdio });
  copyFileSync(LOCK, INSTALLED);
}

const report = z.object({
  results: z.object({
    failed_checks: z.array(z.object({ check_id: z.string(), check_name: z.string(), resource: z.string() })),
  }),
  summary: z.object({ parsing_errors: z.literal(0), resource_count: z.int() }),
});

/** `Deployment.assistants.redis`; checkov names a pod after its owner and its labels. */
function objectOf(resource: string): string {
  const [kind, , ...name] = resource.split('.');
  return `${kind}/${kind === 'Pod' ? name[0] : name.join('.')}`;
}

/** Runs checkov without the internet: it fetches neither guidelines nor its makers' policies. */
export async function runCheckov(folder: string): Promise<{ seen: number; findings: readonly Finding[] }> {
  const { stdout } = await execa(
    `${VENV}/bin/checkov`,
    [
      '--directory',
      folder,
      '--framework',
      'kubernetes',
      '--skip-download',
      '--soft-fail',
      '--quiet',
      '--compact',
      '--output',
      'json',
    ],
    { stdin: 'ignore' },
  );
  const { results, summary } = report.parse(JSON.parse(stdout));
  return {
    seen: summary.resource_count,
    findings: results.failed_checks.map(({ check_id, check_name, resource }) => ({
      check: check_id,
      object: objectOf(resource),
      says: check_name,
    })),
  };
}

export const expectedOfCheckov = ({ kinds }: Manifests): number =>
  kinds.length + kinds.filter((kind) => COUNTED_TWICE.includes(kind)).length;
