/** Tags images for a release, and tells which image and release run. */
import { execFileSync } from 'node:child_process';
import { execa } from 'execa';
import { serviceImage } from '../../charts/config/images.ts';
import { resolveConfig } from '../../charts/config/resolve.ts';
import { CONTEXT, config, ROOT, topology, VALUES } from '../e2e/support.ts';

export const imageOf = (spec: (typeof topology.services)[number], tag: string): string =>
  serviceImage(resolveConfig('dev', [{ images: { ...config.images, tag } }]), spec);

/** Gives the images a new tag, so that a rollout changes only names. The service `broken` gets another service's image. */
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
