import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SERVICES } from '../../charts/topology.ts';
import { Failure } from '../core/failure.ts';
import {
  checkNewService,
  type PlannedFile,
  PYPROJECT_FILE,
  planNewService,
  SAMPLE,
  type Taken,
  TOPOLOGY_FILE,
  titleOf,
} from '../core/new-service.ts';
import { ROOT } from '../core/paths.ts';
import { stdoutOf } from '../tools/run.ts';
import { verb } from './options.ts';
import { json, line } from './print.ts';

/** Names and ports a new service may not have. @throws Failure without a Python. */
export async function takenIn(root: string): Promise<Taken> {
  const environment = join(root, '.venv/bin/python');
  const python = existsSync(environment) ? environment : 'python3';
  const standard = await stdoutOf(python, ['-c', 'import sys; print(*sys.stdlib_module_names)']);
  const lock = readFileSync(join(root, 'services/requirements-dev.lock'), 'utf8');
  const packages = [...lock.matchAll(/^([\w.-]+)==/gm)].map(([, name = '']) => name.replaceAll('-', '_'));
  const folders = readdirSync(join(root, 'services'), { withFileTypes: true });
  return {
    folders: folders
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name),
    modules: new Set([...standard.split(/\s+/), ...packages]),
  };
}

const LEFT_BEHIND = /(^|\/)(__pycache__|\.[^/]*_cache)\//;

/** The sample's files by path, without files that tools create. @throws Failure without a sample. */
export function sampleFiles(root: string): ReadonlyMap<string, string> {
  const folder = join(root, SAMPLE.folder);
  if (!existsSync(folder))
    throw new Failure(`new-service: ${SAMPLE.folder} is missing`, `git checkout ${SAMPLE.folder}`);
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => !LEFT_BEHIND.test(path))
    .sort();
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

export const listsOf = (root: string) => ({
  [TOPOLOGY_FILE]: readFileSync(join(root, TOPOLOGY_FILE), 'utf8'),
  [PYPROJECT_FILE]: readFileSync(join(root, PYPROJECT_FILE), 'utf8'),
});

/** Writes all files or none. @throws Failure when one of them exists. */
export function writeFiles(root: string, files: readonly PlannedFile[]): void {
  for (const { path, change } of files)
    if (change === 'new' && existsSync(join(root, path)))
      throw new Failure(`new-service: ${path} is there already`, 'remove it, or choose another name');
  const before = new Map(
    files
      .filter(({ change }) => change === 'changed')
      .map(({ path }) => [path, readFileSync(join(root, path))]),
  );
  const written: string[] = [];
  try {
    for (const { path, text } of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      written.push(path);
      writeFileSync(join(root, path), text);
    }
  } catch (error) {
    for (const path of written) {
      const old = before.get(path);
      if (old) writeFileSync(join(root, path), old);
      else rmSync(join(root, path), { force: true });
    }
    throw error;
  }
}

interface Options {
  readonly port: number;
  readonly title?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const NEXT = `Next:
  npm run format && npm run synth && npm run docs
  npm test`;

export const newService = verb(
  'new-service',
  'write a new Python service: code, tests, image, and its entry in the topology',
  './platform new-service invoices --port 8005',
)
  .argument('<name>', 'name of workload, image and folder, such as invoices')
  .requiredOption('--port <number>', 'the port it listens on', Number)
  .option('--title <text>', 'its name for people (default: from the name)')
  .option('--dry-run', 'only say which files would be written')
  .option('--json', 'print the files as JSON')
  .addHelpText('after', '\nIt is a copy of services/sample-service: see docs/add-a-service.md.')
  .action(async (name: string, options: Options) => {
    const service = { name, title: options.title ?? titleOf(name), port: options.port };
    checkNewService(service, SERVICES, await takenIn(ROOT));
    const files = planNewService(service, sampleFiles(ROOT), listsOf(ROOT));
    if (!options.dryRun) writeFiles(ROOT, files);
    const names = files.map(({ path, change }) => ({ path, change }));
    if (options.json) return json({ ...service, written: !options.dryRun, files: names });
    for (const { path, change } of names) line(`${options.dryRun ? 'would be ' : ''}${change}  ${path}`);
    if (!options.dryRun) line(`\n${NEXT}`);
  });
