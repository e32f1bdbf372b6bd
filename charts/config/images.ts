/** Image references from versions and configuration. */
import type { ServiceSpec } from '../graph/model.ts';
import type { Config } from './schema.ts';
import { IMAGES, type ImageName } from './versions.ts';

/** Reference of the image of one of our services: by digest when one is configured, else by tag. */
export function serviceImage(config: Config, spec: ServiceSpec): string {
  const name = spec.image ?? spec.name;
  const digest = config.images.digests[name];
  return `${config.images.registry}/${name}${digest ? `@${digest}` : `:${config.images.tag}`}`;
}

/** Reference of a third-party image, from the configured mirror when there is one. */
export function thirdPartyImage(config: Config, name: ImageName): string {
  const reference: string = IMAGES[name];
  return config.images.mirror
    ? `${config.images.mirror}/${reference.slice(reference.indexOf('/') + 1)}`
    : reference;
}
