/** The manifests of an environment, as the scanners' counts need them. */
import { readdirSync, readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { kubeObject } from '../../ops/core/objects.ts';

export interface Manifests {
  readonly files: readonly string[];
  /** The kind of every object. */
  readonly kinds: readonly string[];
}

export function manifestsIn(folder: string): Manifests {
  const files = readdirSync(folder);
  const objects = files.flatMap((file) => loadAll(readFileSync(`${folder}/${file}`, 'utf8')));
  return { files, kinds: objects.map((object) => kubeObject.parse(object).kind) };
}
