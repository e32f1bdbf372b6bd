/** How the images of our own services are built. */
import { Failure } from './failure.ts';

/** Base images a mirrored site names by environment variables of the same names. */
export const BASE_IMAGE_ARGUMENTS = ['PYTHON_IMAGE', 'DENO_IMAGE', 'RUNTIME_IMAGE'] as const;

export interface ImageBuild {
  /** Folder below dockerfiles/. */
  readonly image: string;
  readonly reference: string;
}

export interface Provenance {
  readonly version: string;
  readonly revision: string;
  readonly created: string;
}

/** Arguments of `docker`; the paths are relative to the repository. */
export const buildArguments = (
  { image, reference }: ImageBuild,
  { version, revision, created }: Provenance,
  extra: Readonly<Record<string, string>>,
): readonly string[] => [
  'build',
  '--quiet',
  '--file',
  `dockerfiles/${image}/Dockerfile`,
  '--tag',
  reference,
  ...Object.entries({ VERSION: version, REVISION: revision, CREATED: created, ...extra }).flatMap(
    ([name, value]) => ['--build-arg', `${name}=${value}`],
  ),
  'services',
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
