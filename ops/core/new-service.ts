/** What a new service adds to the repository: files copied from services/sample-service, and entries in lists. */
import type { ServiceSpec } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

/** The template of new services; the tests cover it like every other service, but no topology contains it. */
export const SAMPLE = {
  folder: 'services/sample-service',
  name: 'sample-service',
  module: 'sample_service',
  title: 'Sample service',
  port: 8099,
} as const;
/** The sample's files for `dockerfiles/NAME`. */
const IMAGE = `${SAMPLE.folder}/image/`;
export const TOPOLOGY_FILE = 'charts/topology.ts';
export const PYPROJECT_FILE = 'services/pyproject.toml';

export interface NewService {
  readonly name: string;
  readonly title: string;
  /** The port it listens on. */
  readonly port: number;
}

export interface PlannedFile {
  /** Relative to the repository. */
  readonly path: string;
  readonly text: string;
  readonly change: 'new' | 'changed';
}

/** @returns the title for a name: `payment-orders` is "Payment orders". */
export const titleOf = (name: string): string =>
  name.charAt(0).toUpperCase() + name.slice(1).replaceAll('-', ' ');

export const moduleOf = (name: string): string => name.replaceAll('-', '_');

/** PostgreSQL truncates names at 63 bytes; the longest derived name is `NAME_staging_db`. */
const LONGEST_NAME = 40;

export interface Taken {
  /** Folders below services/. */
  readonly folders: readonly string[];
  /** Modules of Python and packages of the lock file, which a service of the same name would hide. */
  readonly modules: ReadonlySet<string>;
}

/** @throws Failure when the name or the port is invalid or taken. */
export function checkNewService(
  { name, port }: NewService,
  services: readonly ServiceSpec[],
  { folders, modules }: Taken,
): void {
  const refuse = (what: string, expected: string) => {
    throw new Failure(`new-service: ${what}`, `expected ${expected}`);
  };
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > LONGEST_NAME)
    refuse(
      `"${name}" cannot be the name of a service`,
      `lower-case letters, digits and single "-", a letter first, at most ${LONGEST_NAME} characters`,
    );
  const used = [...new Set([...services.map((spec) => spec.name), ...folders])];
  if (used.includes(name)) refuse(`"${name}" is there already`, `a name other than ${used.join(', ')}`);
  if (modules.has(moduleOf(name)))
    refuse(
      `"${name}" would hide the Python module ${moduleOf(name)}`,
      `another name, such as ${name}-service`,
    );
  if (!Number.isInteger(port) || port < 1024 || port > 65_535)
    refuse(`port ${port} cannot be listened on`, 'a port from 1024 to 65535');
  const other = services.find((spec) => spec.port === port);
  if (other) refuse(`port ${port} is that of ${other.name}`, 'a port no service has');
}

const renamed = (text: string, { name, title, port }: NewService): string =>
  text
    .replaceAll(SAMPLE.title, title)
    .replaceAll(SAMPLE.name, name)
    .replaceAll(SAMPLE.module, moduleOf(name))
    .replaceAll(String(SAMPLE.port), String(port));

function pathOf(path: string, service: NewService): string {
  const image = path.startsWith(IMAGE) ? `dockerfiles/${SAMPLE.name}/${path.slice(IMAGE.length)}` : path;
  return renamed(image, service);
}

const entry = ({ name, title, port }: NewService): string => `
  {
    name: '${name}',
    title: '${title.replaceAll("'", "\\'")}',
    runtime: 'python',
    port: ${port},
    cpu: { request: '250m', limit: '500m' },
    memory: { request: '256Mi', limit: '512Mi' },
    database: { name: '${moduleOf(name)}_db', user: '${moduleOf(name)}_user' },
    route: { path: '/${name}' },
    gateway: { path: '/api/${name}' },
  },`;

/** @throws Failure when the text lacks that place. */
function insertBefore(file: string, text: string, after: string, end: string, added: string): string {
  const start = text.indexOf(after);
  const at = start < 0 ? -1 : text.indexOf(end, start);
  if (at < 0)
    throw new Failure(`${file}: no "${after.trim()}" that ends with "${end.trim()}"`, 'add it there');
  return text.slice(0, at) + added + text.slice(at);
}

/**
 * @param sample the files of services/sample-service that are committed, by path.
 * @param lists the text of {@link TOPOLOGY_FILE} and {@link PYPROJECT_FILE}.
 */
export function planNewService(
  service: NewService,
  sample: ReadonlyMap<string, string>,
  lists: Readonly<Record<typeof TOPOLOGY_FILE | typeof PYPROJECT_FILE, string>>,
): readonly PlannedFile[] {
  const copies = [...sample].map(
    ([path, text]): PlannedFile => ({
      path: pathOf(path, service),
      text: renamed(text, service),
      change: 'new',
    }),
  );
  const changed = (path: keyof typeof lists, after: string, end: string, added: string): PlannedFile => ({
    path,
    text: insertBefore(path, lists[path], after, end, added),
    change: 'changed',
  });
  return [
    ...copies,
    changed(TOPOLOGY_FILE, 'export const SERVICES', '\n];', entry(service)),
    changed(PYPROJECT_FILE, 'mypy_path = [', '\n]', `\n    "$MYPY_CONFIG_FILE_DIR/${service.name}",`),
  ];
}
