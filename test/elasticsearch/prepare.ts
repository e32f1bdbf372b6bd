/**
 * Lays out Elasticsearch once for all tests: the server's archives, its modules as the image has them, our classes.
 * Maven keeps what it downloaded and compares each file with its checksum.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { IMAGES } from '../../charts/config/versions.ts';
import { root } from '../support/objects.ts';

const VERSION = IMAGES.elasticsearch.split(':')[1] ?? '';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder with `classes`, `lib` and `modules`. */
    readonly elasticsearch: string;
  }
}

interface Module {
  /** The class that the server loads. */
  readonly main: string;
  readonly archives: RegExp;
  /** The module whose classes it sees. @default none */
  readonly above?: string;
}

/** Archives that no module names are the server's. */
const MODULES: Readonly<Record<string, Module>> = {
  'x-pack-core': {
    main: 'org.elasticsearch.xpack.core.XPackPlugin',
    archives: /^x-pack-(core|template-resources)-/,
  },
  'transport-netty4': {
    main: 'org.elasticsearch.transport.netty4.Netty4Plugin',
    archives: /^(transport-netty4|netty-\w+)-/,
  },
  'x-pack-security': {
    main: 'org.elasticsearch.xpack.security.Security',
    archives: /^(x-pack-security|transport-netty4|netty-\w+|opensaml-\w+)-/,
    above: 'x-pack-core',
  },
  'image-parts': { main: 'ImageParts', archives: /^image-parts\.jar$/, above: 'x-pack-core' },
};

function run(command: string, ...args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  if (error) throw new Error(`${command} is needed for this test: ${error.message}`);
  if (status !== 0) throw new Error(`${command}: ${stdout.slice(-6000)}\n${stderr.slice(-3000)}`);
}

const descriptor = (name: string, { main, above = '' }: Module): string =>
  [
    `name=${name}`,
    `description=${name}`,
    `classname=${main}`,
    `extended.plugins=${above}`,
    `version=${VERSION}`,
    `elasticsearch.version=${VERSION}`,
    'java.version=17',
    'has.native.controller=false',
  ].join('\n');

function layOut(folder: string): void {
  const [lib, classes] = [join(folder, 'lib'), join(folder, 'classes')];
  run(
    'mvn',
    ...['--quiet', '--batch-mode', '--strict-checksums', `--file=${root('test/elasticsearch/pom.xml')}`],
    ...[`-Delasticsearch.version=${VERSION}`, `-DoutputDirectory=${lib}`, 'dependency:copy-dependencies'],
  );
  const java = root('test/elasticsearch/java');
  const sources = readdirSync(java).map((name) => join(java, name));
  run('javac', '-nowarn', '-proc:none', '-cp', `${lib}/*`, '-d', classes, ...sources);
  const parts = readdirSync(classes).filter((name) => /^(ImageParts|Policies)/.test(name));
  run('jar', 'cf', join(lib, 'image-parts.jar'), ...parts.flatMap((name) => ['-C', classes, name]));
  // The server wants a module's classes from the module's own archive.
  for (const name of parts) rmSync(join(classes, name));
  const archives = readdirSync(lib);
  for (const [name, module] of Object.entries(MODULES)) {
    const home = join(folder, 'modules', name);
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'plugin-descriptor.properties'), descriptor(name, module));
    for (const archive of archives.filter((one) => module.archives.test(one)))
      copyFileSync(join(lib, archive), join(home, archive));
  }
  for (const archive of archives)
    if (Object.values(MODULES).some((module) => module.archives.test(archive))) rmSync(join(lib, archive));
}

export default function prepare(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'elasticsearch-'));
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    layOut(folder);
  } catch (error) {
    clean();
    throw error;
  }
  project.provide('elasticsearch', folder);
  return clean;
}
