/** How the images of our own services are built. */
import type { ServiceSpec } from '../../charts/graph/model.ts';
import type { BuilderUse } from './builder.ts';
import { Failure } from './failure.ts';

/** Base images a mirrored site names by environment variables of the same names. */
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
  /** The file of instructions; the list of what to leave out lies beside it. @default that of the image */
  readonly dockerfile?: string;
  /** Take nothing from the layer cache. @default false */
  readonly cold?: boolean;
  /** Builds with the chosen builder of buildx. @default with the daemon's own */
  readonly buildx?: BuildxOptions;
}

export interface BuildxOptions extends BuilderUse {
  /** Registries and paths the layer cache is read from. @default none */
  readonly cacheFrom?: readonly string[];
  /** `load` into the local Docker, `push` to the registry, or leave it in the builder's cache. */
  readonly output: 'load' | 'push' | 'cache';
  /** File the digest is written to. @default none */
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

/** Where in a registry the layers of an image are cached. */
const cacheOf = (registry: string, image: string): string =>
  `type=registry,ref=${registry}/${image}:buildcache`;

const buildxArguments = (
  image: string,
  { platforms = [], cacheFrom = [], cacheTo, attest = false, output, metadataFile }: BuildxOptions,
): readonly string[] => [
  ...(output === 'cache' ? [] : [`--${output}`]),
  ...(platforms.length > 0 ? ['--platform', platforms.join(',')] : []),
  ...cacheFrom.flatMap((registry) => ['--cache-from', cacheOf(registry, image)]),
  // `max`: the layers of all stages, else a changed line would install the dependencies again.
  ...(cacheTo === undefined ? [] : ['--cache-to', `${cacheOf(cacheTo, image)},mode=max`]),
  ...(attest ? ['--sbom=true', '--provenance=mode=max'] : ['--provenance=false']),
  ...(metadataFile === undefined ? [] : ['--metadata-file', metadataFile]),
];

/** `NAME=VALUE` pairs of the command line on top of the base images named in the environment. */
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

/** The builds a person names, by service or image; all when none is named. @throws Failure for an unknown name. */
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
