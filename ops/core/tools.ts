/** The tools the operations command drives or works better with: which versions, for what, and where to get them. */

export interface Tool {
  /** Arguments that make it print its version. */
  readonly probe: readonly string[];
  /** Its first group is the version. */
  readonly pattern: RegExp;
  readonly minimum: string;
  readonly neededFor: string;
  readonly source: string;
  /** Everything else works without it. @default false */
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

/** What probing a tool came to: its output, or why there is none. */
export type Probed = { readonly output: string } | { readonly problem: string } | 'missing';

export interface ToolRow {
  readonly name: string;
  readonly found: string;
  readonly needed: string;
  readonly state: 'ok' | 'missing' | 'too old' | 'too small' | 'does not work';
  readonly optional: boolean;
  readonly neededFor: string;
  /** What to do. Empty when nothing needs to be done. */
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

/** What is needed and not there as it should be. */
export const lackingOf = (rows: readonly ToolRow[]): readonly ToolRow[] =>
  rows.filter(({ state, optional }) => state !== 'ok' && !optional);
