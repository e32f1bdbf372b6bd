/** The tools the operations command drives or works better with: which versions, for what, and where to get them. */

/** What Docker needs: dev takes 2 CPUs and 8 GiB (docs/adr/0004). */
export const MACHINE = { cpus: 2, memoryGiB: 8 } as const;

/** Firmware and kernel reserve memory, so a machine of 8 GiB reports less. */
const KEPT_SHARE = 0.9;

/** @param info CPUs and bytes as Docker prints them, such as `2 8323493888`; more text may follow. */
export function machineRow(info: string): ToolRow {
  const [cpus = 0, bytes = 0] = info.trim().split(' ').map(Number);
  const ok = cpus >= MACHINE.cpus && bytes >= MACHINE.memoryGiB * KEPT_SHARE * 2 ** 30;
  return {
    name: 'machine',
    found: `${cpus} CPUs, ${(bytes / 2 ** 30).toFixed(1)} GiB`,
    needed: `${MACHINE.cpus} CPUs, ${MACHINE.memoryGiB} GiB`,
    state: ok ? 'ok' : 'too small',
    optional: true,
    neededFor: 'dev with everything that is on by default',
    next: ok
      ? ''
      : 'give Docker more of the machine, or switch parts off, such as --set monitoring.enabled=false',
  };
}

/** Room for the images in Docker and again in the node, the builder's cache and the volumes. */
const DISK_GIB = 20;

/** @param free bytes on the disk of Docker's data. */
export function diskRow(free: number): ToolRow {
  const ok = free >= DISK_GIB * 2 ** 30;
  return {
    name: 'disk',
    found: `${(free / 2 ** 30).toFixed(1)} GiB free`,
    needed: `${DISK_GIB} GiB`,
    state: ok ? 'ok' : 'too small',
    optional: true,
    neededFor: 'images, and the volumes of the local cluster',
    next: ok ? '' : 'make room: ./platform clean, docker system prune',
  };
}

/** The kernel's fs.inotify.max_user_instances and max_user_watches. */
export interface InotifyLimits {
  readonly instances: number;
  readonly watches: number;
}

/** kind's recommendation. With less, the edge or Filebeat end with "too many open files". */
const INOTIFY: InotifyLimits = { instances: 512, watches: 524_288 };

export function inotifyRow(found: InotifyLimits): ToolRow {
  const say = ({ instances, watches }: InotifyLimits): string => `${instances} instances, ${watches} watches`;
  const low = (['instances', 'watches'] as const).filter((name) => found[name] < INOTIFY[name]);
  const settings = low.map((name) => `fs.inotify.max_user_${name}=${INOTIFY[name]}`).join(' ');
  return {
    name: 'inotify',
    found: say(found),
    needed: say(INOTIFY),
    state: low.length === 0 ? 'ok' : 'too small',
    optional: true,
    neededFor: 'pods that watch files; below: "too many open files"',
    next: low.length === 0 ? '' : `sudo sysctl ${settings}`,
  };
}

export interface Tool {
  /** Arguments that make it print its version. */
  readonly probe: readonly string[];
  /** The first group is the version. */
  readonly pattern: RegExp;
  readonly minimum: string;
  readonly neededFor: string;
  readonly source: string;
  /** All other functions work without it. @default false */
  readonly optional?: boolean;
}

export const TOOLS = {
  node: {
    probe: ['--version'],
    pattern: /^v(\d+\.\d+\.\d+)/,
    minimum: '20.19.0',
    neededFor: 'this command',
    source: 'https://nodejs.org',
  },
  docker: {
    probe: ['version', '--format', '{{.Server.Version}}'],
    pattern: /^(\d+\.\d+(\.\d+)?)/,
    minimum: '20.10',
    neededFor: 'images and the local cluster',
    source: 'https://docs.docker.com/get-docker/',
  },
  kind: {
    probe: ['version'],
    pattern: /v(\d+\.\d+\.\d+)/,
    minimum: '0.24.0',
    neededFor: 'the local cluster',
    source: 'https://kind.sigs.k8s.io/docs/user/quick-start/#installation',
  },
  kubectl: {
    probe: ['version', '--client'],
    pattern: /v(\d+\.\d+\.\d+)/,
    minimum: '1.28.0',
    neededFor: 'every cluster',
    source: 'https://kubernetes.io/docs/tasks/tools/#kubectl',
  },
  git: {
    probe: ['--version'],
    pattern: /(\d+\.\d+(\.\d+)?)/,
    minimum: '2.20',
    neededFor: 'revision and date in the labels of images',
    source: 'https://git-scm.com/downloads',
    optional: true,
  },
  python3: {
    probe: ['--version'],
    pattern: /(\d+\.\d+\.\d+)/,
    minimum: '3.12.0',
    neededFor: 'tests of the services; another one than the first on PATH is named in PYTHON',
    source: 'https://www.python.org/downloads/',
    optional: true,
  },
  helm: {
    probe: ['version', '--short'],
    pattern: /v(\d+\.\d+(\.\d+)?)/,
    minimum: '3.14.0',
    neededFor: 'comparing deploys with helm upgrade',
    source: 'https://helm.sh/docs/intro/install/',
    optional: true,
  },
  trivy: {
    probe: ['--version'],
    pattern: /(\d+\.\d+\.\d+)/,
    minimum: '0.50.0',
    neededFor: 'scanning images; without it Trivy runs as a container',
    source: 'https://trivy.dev/latest/getting-started/installation/',
    optional: true,
  },
} as const satisfies Readonly<Record<string, Tool>>;
export type ToolName = keyof typeof TOOLS;

export const TOOL_NAMES: readonly ToolName[] = [
  'node',
  'docker',
  'kind',
  'kubectl',
  'git',
  'python3',
  'helm',
  'trivy',
];

/** Result of probing a tool: its output, or why there is none. */
export type Probed = { readonly output: string } | { readonly problem: string } | 'missing';

export interface ToolRow {
  readonly name: string;
  readonly found: string;
  readonly needed: string;
  readonly state: 'ok' | 'missing' | 'too old' | 'too small' | 'does not work';
  readonly optional: boolean;
  readonly neededFor: string;
  /** What to do; empty when there is nothing to do. */
  readonly next: string;
}

const numbers = (version: string): readonly number[] => version.split('.').map(Number);

/** Whether a version is at least another one, part by part; missing parts are 0. */
export function atLeast(version: string, minimum: string): boolean {
  const [have, want] = [numbers(version), numbers(minimum)];
  for (let index = 0; index < Math.max(have.length, want.length); index++) {
    const difference = (have[index] ?? 0) - (want[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

export function toolRow(name: string, tool: Tool, probed: Probed): ToolRow {
  const { pattern, minimum, neededFor, source, optional = false } = tool;
  const base = { name, found: '', needed: `${minimum} or newer`, optional, neededFor };
  if (probed === 'missing') return { ...base, state: 'missing', next: `get it from ${source}` };
  if ('problem' in probed) return { ...base, state: 'does not work', next: probed.problem };
  const output = probed.output.trim();
  const version = pattern.exec(output)?.[1];
  if (version === undefined)
    return { ...base, state: 'does not work', next: `prints no version: ${output.slice(0, 60)}` };
  return atLeast(version, minimum)
    ? { ...base, found: version, state: 'ok', next: '' }
    : { ...base, found: version, state: 'too old', next: `get it from ${source}` };
}

/** Required tools that are missing or unusable. */
export const lackingOf = (rows: readonly ToolRow[]): readonly ToolRow[] =>
  rows.filter(({ state, optional }) => state !== 'ok' && !optional);
