/** Images of a release under tags of their own, and what runs. */
import { execFileSync } from 'node:child_process';
import { execa } from 'execa';
import { serviceImage } from '../../charts/config/images.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { CONTEXT, config, ROOT, topology, VALUES } from '../e2e/support.ts';

export const imageOf = (spec: (typeof topology.services)[number], tag: string): string =>
  serviceImage(resolveConfig('dev', [{ images: { ...config.images, tag } }]), spec);

/** The same images under a new tag: what is rolled out differs in name only. That of `broken` is another service's. */
export function tagImages(tag: string, broken?: string): void {
  for (const spec of topology.services) {
    const source = spec.name === broken ? topology.services.find(({ name }) => name === 'security') : spec;
    execFileSync('docker', ['tag', imageOf(source ?? spec, config.images.tag), imageOf(spec, tag)]);
  }
}

export const history = async (): Promise<readonly { revision: number; status: string; action: string }[]> =>
  JSON.parse(
    (await execa(`${ROOT}/platform`, ['history', 'dev', '--context', CONTEXT, '--values', VALUES, '--json']))
      .stdout,
  );
