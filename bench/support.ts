/** What several benchmarks need. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLATFORM_VERSION } from '../charts/config/versions.ts';

/** The middle sample, or the mean of the two in the middle; NaN of none. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

const MIN_RUNS = 10;

/** @throws RangeError for anything but a whole number of runs that a median is worth something of. */
export function runsOf(text = '15'): number {
  const runs = Number(text);
  if (!Number.isInteger(runs) || runs < MIN_RUNS)
    throw new RangeError(`RUNS: ${text} is not valid, expected a whole number of at least ${MIN_RUNS}`);
  return runs;
}

/** What a program wrote on standard output. @throws Error with its error output when it fails. */
export function command(program: string, ...args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

export const available = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args).error === undefined;

/** Rendered files as a Helm chart: registry and tag are its values, as a chart of these objects would have them. */
export function writeHelmChart(folder: string, manifests: string): void {
  mkdirSync(join(folder, 'templates'), { recursive: true });
  writeFileSync(join(folder, 'Chart.yaml'), `apiVersion: v2\nname: platform\nversion: ${PLATFORM_VERSION}\n`);
  writeFileSync(join(folder, 'values.yaml'), `registry: localhost/ai-assistants\ntag: ${PLATFORM_VERSION}\n`);
  for (const file of readdirSync(manifests)) {
    const text = readFileSync(join(manifests, file), 'utf8').replaceAll('{{', '{{ "{{" }}');
    writeFileSync(
      join(folder, 'templates', file),
      text.replace(
        /image: \S+\/ai-assistants\/([\w-]+):\S+/g,
        'image: {{ .Values.registry }}/$1:{{ .Values.tag }}',
      ),
    );
  }
}

/** The same files as resources of a kustomization. */
export function writeKustomization(folder: string, manifests: string): void {
  mkdirSync(folder, { recursive: true });
  const files = readdirSync(manifests);
  for (const file of files) writeFileSync(join(folder, file), readFileSync(join(manifests, file)));
  writeFileSync(
    join(folder, 'kustomization.yaml'),
    `resources:\n${files.map((file) => `  - ${file}\n`).join('')}`,
  );
}
