/** Pushing the images of the services to a registry. */

import type { Config } from '../../charts/config/schema.ts';
import { toYaml } from '../../charts/constructs/yaml.ts';
import { Failure } from './failure.ts';

export interface Pushed {
  readonly image: string;
  readonly reference: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
}

/** @throws Failure for a configuration that names no registry, or images by digest, which only a registry can give. */
export function checkRegistry({ images: { registry, digests } }: Pick<Config, 'images'>): void {
  if (/^localhost(\/|$)/.test(registry))
    throw new Failure(
      `push: images.registry is "${registry}", which is no registry`,
      'name yours: --set images.registry=registry.example.com/team',
    );
  const [pinned] = Object.keys(digests);
  if (pinned !== undefined)
    throw new Failure(`push: images.digests names ${pinned} by digest`, 'leave images.digests out');
}

/** The digest of `RepoDigests` that is the one in the reference's own repository. */
export function digestOf(reference: string, repoDigests: readonly string[]): string | undefined {
  const repository = reference.replace(/:[\w][\w.-]*$/, '');
  return repoDigests.find((entry) => entry.startsWith(`${repository}@`))?.slice(repository.length + 1);
}

/** A values file that pins the images: what is deployed then is what was pushed, whatever becomes of the tag. */
export const digestValues = (pushed: readonly Pushed[]): string =>
  toYaml({ images: { digests: Object.fromEntries(pushed.map(({ image, digest }) => [image, digest])) } });
