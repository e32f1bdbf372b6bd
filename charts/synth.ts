/** Renders environments into a folder, all or nothing: bad input leaves the folder as it was. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { buildApp } from './app.ts';
import { type OwnEnvironment, resolveConfig } from './config/resolve.ts';
import type { Config } from './config/schema.ts';
import { ConfigError } from './graph/error.ts';
import type { ServiceSpec } from './graph/model.ts';
import { manifestsOf } from './render.ts';
import { SERVICES } from './topology.ts';

/** Manifests under version control: never rendered with overrides. */
export const COMMITTED = fileURLToPath(new URL('../dist', import.meta.url));

export interface SynthRequest {
  readonly environments: readonly (string | OwnEnvironment)[];
  /** The environments become its subfolders. */
  readonly outdir: string;
  /** @default none */
  readonly overrides?: readonly Readonly<Record<string, unknown>>[];
  /** @default the six services */
  readonly services?: readonly ServiceSpec[];
}

export interface SynthResult {
  readonly environment: string;
  /** Number of objects by kind. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly objects: number;
  readonly milliseconds: number;
}

/** @throws ConfigError before anything in the output folder has changed. */
export function synthesize(request: SynthRequest): readonly SynthResult[] {
  const { environments, overrides = [], services = SERVICES } = request;
  const outdir = resolve(request.outdir);
  const configs = environments.map((environment) => resolveConfig(environment, overrides, services));
  const names = configs.map(({ environment }) => environment);
  const own = environments.some((environment) => typeof environment !== 'string');
  if (own || overrides.length > 0 || services !== SERVICES) checkUncommitted(outdir);
  for (const environment of names) checkReplaceable(join(outdir, environment));
  mkdirSync(dirname(outdir), { recursive: true });
  const work = mkdtempSync(join(dirname(outdir), `.${basename(outdir)}-`));
  try {
    const results = configs.map((config) => renderOne(config, work, services));
    mkdirSync(outdir, { recursive: true });
    for (const environment of names) swap(join(work, environment), join(outdir, environment));
    return results;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The committed manifests take no overrides, so that they are the same for everyone. */
function checkUncommitted(outdir: string): void {
  if (outdir === COMMITTED || outdir.startsWith(`${COMMITTED}/`))
    throw new ConfigError(
      '--out',
      outdir,
      'another folder, such as /tmp/manifests: the committed one takes no overrides',
    );
}

function renderOne(config: Config, work: string, services: readonly ServiceSpec[]): SynthResult {
  const start = performance.now();
  const folder = join(work, config.environment);
  const manifests = manifestsOf(buildApp(config, services));
  mkdirSync(folder);
  for (const [file, text] of manifests) writeFileSync(join(folder, file), text);
  const milliseconds = Math.round(performance.now() - start);
  const kinds = countKinds([...manifests.values()]);
  const objects = Object.values(kinds).reduce((sum, count) => sum + count, 0);
  return { environment: config.environment, kinds, objects, milliseconds };
}

/** Counts by kind, kinds by name. Only an object's own `kind` starts a line. */
export function countKinds(files: readonly string[]): Record<string, number> {
  const kinds = files
    .flatMap((text) => [...text.matchAll(/^kind: (\w+)$/gm)].map(([, kind = '']) => kind))
    .sort();
  const counts: Record<string, number> = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** A folder that holds other files than manifests is not the platform's, so it is not replaced. */
function checkReplaceable(folder: string): void {
  if (!existsSync(folder)) return;
  const foreign = readdirSync(folder).find((file) => !file.endsWith('.k8s.yaml'));
  if (foreign)
    throw new ConfigError(
      '--out',
      folder,
      `another folder: this one holds "${foreign}", which is no manifest`,
    );
}

function swap(fresh: string, target: string): void {
  if (existsSync(target)) renameSync(target, `${fresh}.old`);
  renameSync(fresh, target);
}
