/** How the images of our own services are built. */

import { z } from 'zod';
import type { Config } from '../../charts/config/schema.ts';
import { toYaml } from '../../charts/constructs/yaml.ts';
import type { ServiceSpec } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

export interface Builder {
  readonly name: string;
  /** `docker` is the driver inside the daemon. */
  readonly driver: string;
  readonly platforms: readonly string[];
  /** The daemon stores images in containerd, so it can hold an image of several platforms. */
  readonly containerd: boolean;
}

/** What the command needs of a builder. */
export interface BuilderUse {
  /** Such as `linux/arm64`. @default the builder's own */
  readonly platforms?: readonly string[];
  /** Registry and path for the layer cache. @default nowhere */
  readonly cacheTo?: string;
  /** Adds a bill of materials and provenance to the image. @default false */
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

/** @throws Failure when the builder cannot do what the command needs. */
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

/** The platforms of `linux/amd64,linux/arm64`. @throws Failure for an invalid one. */
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

export interface Pushed {
  readonly image: string;
  readonly reference: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string;
}

/**
 * @throws Failure for a configuration without a registry, or with digests, which only a registry can give.
 */
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

/** The digest of `RepoDigests` in the reference's own repository. */
export function digestOf(reference: string, repoDigests: readonly string[]): string | undefined {
  const repository = reference.replace(/:[\w][\w.-]*$/, '');
  return repoDigests.find((entry) => entry.startsWith(`${repository}@`))?.slice(repository.length + 1);
}

/** A values file that pins the images: a deploy then uses the pushed images, even if a tag moves. */
export const digestValues = (pushed: readonly Pushed[]): string =>
  toYaml({ images: { digests: Object.fromEntries(pushed.map(({ image, digest }) => [image, digest])) } });

const PREFIX = 'org.opencontainers.image';

export interface Labels {
  readonly version: string;
  readonly revision: string;
  readonly created: string;
}

const labels = z.record(z.string(), z.string()).nullable();

/** @param text labels as Docker prints them in JSON: `null` when there are none. */
export function parseLabels(text: string): Labels {
  const found = labels.parse(JSON.parse(text)) ?? {};
  const value = (name: string): string => found[`${PREFIX}.${name}`] ?? 'unknown';
  return { version: value('version'), revision: value('revision'), created: value('created') };
}

/** Base images; environment variables of the same names replace them at a mirrored site. */
export const BASE_IMAGE_ARGUMENTS = ['PYTHON_IMAGE', 'DENO_IMAGE', 'RUNTIME_IMAGE'] as const;

export interface ImageBuild {
  /** Folder below dockerfiles/. */
  readonly image: string;
  readonly reference: string;
  readonly spec: ServiceSpec;
}

export interface Provenance {
  readonly version: string;
  readonly revision: string;
  readonly created: string;
}

export interface BuildOptions {
  /** Build arguments besides those of the provenance. @default none */
  readonly extra?: Readonly<Record<string, string>>;
  /** Folder with the sources. @default services */
  readonly context?: string;
  /** The Dockerfile; its .dockerignore lies beside it. @default the image's own */
  readonly dockerfile?: string;
  /** Ignores the layer cache. @default false */
  readonly cold?: boolean;
  /** Builds with the chosen builder of buildx. @default with the daemon's own */
  readonly buildx?: BuildxOptions;
}

export interface BuildxOptions extends BuilderUse {
  /** Registries and paths of the layer cache to read. @default none */
  readonly cacheFrom?: readonly string[];
  /** `load` into the local Docker, `push` to the registry, or leave it in the builder's cache. */
  readonly output: 'load' | 'push' | 'cache';
  /** File for the digest. @default none */
  readonly metadataFile?: string;
}

export const dockerfileOf = (image: string): string => `dockerfiles/${image}/Dockerfile`;

/** Arguments of `docker`; the paths are relative to the repository. */
export const buildArguments = (
  { image, reference }: ImageBuild,
  { version, revision, created }: Provenance,
  {
    extra = {},
    context = 'services',
    dockerfile = dockerfileOf(image),
    cold = false,
    buildx,
  }: BuildOptions = {},
): readonly string[] => [
  ...(buildx ? ['buildx', 'build', ...buildxArguments(image, buildx)] : ['build']),
  '--progress=plain',
  ...(cold ? ['--no-cache'] : []),
  '--file',
  dockerfile,
  '--tag',
  reference,
  ...Object.entries({ VERSION: version, REVISION: revision, CREATED: created, ...extra }).flatMap(
    ([name, value]) => ['--build-arg', `${name}=${value}`],
  ),
  context,
];

/** Registry path of an image's layer cache. */
const cacheOf = (registry: string, image: string): string =>
  `type=registry,ref=${registry}/${image}:buildcache`;

const buildxArguments = (
  image: string,
  { platforms = [], cacheFrom = [], cacheTo, attest = false, output, metadataFile }: BuildxOptions,
): readonly string[] => [
  ...(output === 'cache' ? [] : [`--${output}`]),
  ...(platforms.length > 0 ? ['--platform', platforms.join(',')] : []),
  ...cacheFrom.flatMap((registry) => ['--cache-from', cacheOf(registry, image)]),
  // `max` caches the layers of all stages; otherwise one changed line would install the dependencies again.
  ...(cacheTo === undefined ? [] : ['--cache-to', `${cacheOf(cacheTo, image)},mode=max`]),
  ...(attest ? ['--sbom=true', '--provenance=mode=max'] : ['--provenance=false']),
  ...(metadataFile === undefined ? [] : ['--metadata-file', metadataFile]),
];

/** `NAME=VALUE` pairs of the command line, over the base images from the environment. */
export function extraArguments(
  pairs: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const named = BASE_IMAGE_ARGUMENTS.flatMap((name) => {
    const value = environment[name];
    return value ? [[name, value] as const] : [];
  });
  return Object.fromEntries([...named, ...pairs.map(parsePair)]);
}

function parsePair(pair: string): readonly [string, string] {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(pair) ?? [];
  if (name === undefined || value === undefined)
    throw new Failure(
      `--build-arg: "${pair}" is not valid`,
      'expected NAME=VALUE such as PYTHON_IMAGE=python:3.13-slim',
    );
  return [name, value];
}

/** The named builds, by service or image, or all. @throws Failure for an unknown name. */
export function selectBuilds(builds: readonly ImageBuild[], names: readonly string[]): readonly ImageBuild[] {
  const known = builds.map(({ image }) => image);
  const unknown = names.find((name) => !builds.some(({ image, spec }) => [image, spec.name].includes(name)));
  if (unknown !== undefined)
    throw new Failure(`build: "${unknown}" is not a service`, `expected some of ${known.join(', ')}`);
  return names.length === 0
    ? builds
    : builds.filter(({ image, spec }) => names.includes(image) || names.includes(spec.name));
}

const LONGEST_STEP = 100;

/** The step a line of docker's plain progress begins, such as `[code 2/5] WORKDIR /code`; undefined for other lines. */
export const stepOf = (line: string): string | undefined =>
  /^#\d+ (\[(?!internal).+)$/.exec(line)?.[1]?.replaceAll(/\s+/g, ' ').slice(0, LONGEST_STEP);
