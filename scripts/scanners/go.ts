/** Scanners that this machine builds with Go. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { execa } from 'execa';

export interface GoProgram {
  readonly name: string;
  /** Path of its main package. */
  readonly path: string;
  readonly version: string;
}

const GO = ['go', '/usr/local/go/bin/go', '/opt/homebrew/bin/go'];
export const GO_IS_MISSING = 'Go is needed to build it: https://go.dev/dl';

async function findGo(): Promise<string | undefined> {
  for (const go of GO) {
    const { exitCode } = await execa(go, ['version'], { reject: false });
    if (exitCode === 0) return go;
  }
  return undefined;
}

const folderOf = ({ name, version }: GoProgram): string => `.cache/scanners/${name}-${version}`;

export const executable = (program: GoProgram): string => `${folderOf(program)}/${program.name}`;

/** Installs the program if necessary. Returns false when there is no Go. */
export async function installWithGo(program: GoProgram): Promise<boolean> {
  if (existsSync(executable(program))) return true;
  const go = await findGo();
  if (!go) return false;
  const { name, path, version } = program;
  const folder = folderOf(program);
  console.error(`${name}: building ${version} into ${folder}`);
  await execa(go, ['install', `${path}@${version}`], {
    env: { GOBIN: resolve(folder) },
    stdio: ['ignore', process.stderr, 'inherit'],
  });
  return true;
}
