/** What a builder of images can do: not every one builds for other platforms or exports its cache. */
import { Failure } from './failure.ts';

export interface Builder {
  readonly name: string;
  /** `docker` is the one inside the daemon. */
  readonly driver: string;
  readonly platforms: readonly string[];
  /** The daemon keeps its images in containerd, and so can hold one of several platforms. */
  readonly containerd: boolean;
}

/** What is asked of a builder. */
export interface BuilderUse {
  /** Such as `linux/arm64`. @default the builder's own */
  readonly platforms?: readonly string[];
  /** Registry and path the layer cache is written to. @default nowhere */
  readonly cacheTo?: string;
  /** Bill of materials and provenance go with the image. @default false */
  readonly attest?: boolean;
}

const field = (text: string, name: string): string =>
  new RegExp(`^${name}: *(.+)$`, 'm').exec(text)?.[1]?.trim() ?? '';

/**
 * @param inspected output of `docker buildx inspect`.
 * @param driverStatus `DriverStatus` of `docker info`.
 */
export const parseBuilder = (inspected: string, driverStatus: string): Builder => ({
  name: field(inspected, 'Name'),
  driver: field(inspected, 'Driver'),
  platforms: [
    ...new Set(
      [...inspected.matchAll(/^Platforms: *(.+)$/gm)].flatMap(([, list = '']) =>
        list.split(',').map((platform) => platform.trim().replace(/\*$/, '')),
      ),
    ),
  ],
  containerd: driverStatus.includes('io.containerd.snapshotter'),
});

const CREATE = 'make one that can: docker buildx create --use --driver docker-container';

/** @throws Failure when the builder cannot do what is asked of it. */
export function checkBuilder(verb: string, builder: Builder, use: BuilderUse): void {
  const { name, driver, containerd, platforms: known } = builder;
  const { platforms = [], cacheTo, attest = false } = use;
  const cannot = (what: string): Failure =>
    new Failure(`${verb}: the builder "${name}" (driver ${driver}) cannot ${what}`, CREATE);
  if (driver === 'docker' && !containerd) {
    if (platforms.length > 1) throw cannot(`build for several platforms (${platforms.join(', ')})`);
    if (cacheTo !== undefined) throw cannot(`write its cache to "${cacheTo}"`);
    if (attest) throw cannot('attach a bill of materials');
  }
  const unknown = platforms.find((platform) => !known.includes(platform));
  if (unknown !== undefined)
    throw new Failure(
      `${verb}: the builder "${name}" cannot build for ${unknown}, only for ${known.join(', ')}`,
      'add a node of that platform (docker buildx create --append) or its emulation (docker run --privileged --rm tonistiigi/binfmt --install all)',
    );
}

/** The platforms of `linux/amd64,linux/arm64`. @throws Failure for what is none. */
export function parsePlatforms(text: string): readonly string[] {
  const platforms = text.split(',').map((platform) => platform.trim());
  const wrong = platforms.find((platform) => !/^[a-z0-9]+\/[a-z0-9_]+(\/v\d+)?$/.test(platform));
  if (wrong !== undefined)
    throw new Failure(
      `--platform: "${wrong}" is not a platform`,
      'expected some such as linux/amd64,linux/arm64',
    );
  return [...new Set(platforms)];
}
