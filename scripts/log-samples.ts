/**
 * Collects real log lines of a running dev cluster into test/logging/samples: one line of each kind from every
 * container. Two lines are of one kind when they have the same fields and the same words.
 * Run: npx tsx scripts/log-samples.ts
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { execa } from 'execa';
import { LOCAL } from '../charts/config/environments.ts';
import { resolveConfig } from '../charts/config/resolve.ts';
import { namespaceOf, zonesOf } from '../charts/constructs/names.ts';

const FOLDER = 'test/logging/samples';
const TAIL = 5000;
/** Most lines of one container. */
const MOST = 40;

/** A line without the parts that differ between lines of one kind. */
function kindOf(line: string): string {
  if (!line.startsWith('{')) return line.replaceAll(/\d+/g, '0');
  const { level, logger, message, msg, ...rest }: Record<string, unknown> = JSON.parse(line);
  const words = String(message ?? msg ?? '').replaceAll(/[\d'"].*/g, '');
  return JSON.stringify([level, logger, words, Object.keys(rest).sort()]);
}

interface Container {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

async function containers(namespaces: readonly string[]): Promise<readonly Container[]> {
  const columns =
    'custom-columns=:metadata.namespace,:metadata.name,:spec.initContainers[*].name,:spec.containers[*].name';
  const { stdout } = await execa('kubectl', ['get', 'pods', '-A', '--no-headers', '-o', columns]);
  return stdout.split('\n').flatMap((line) => {
    const [namespace = '', pod = '', ...lists] = line.trim().split(/\s+/);
    if (!namespaces.includes(namespace)) return [];
    const names = lists.flatMap((list) => list.split(',')).filter((name) => name !== '<none>');
    return names.map((container) => ({ namespace, pod, container }));
  });
}

const config = resolveConfig(LOCAL);
const kinds = new Map<string, Map<string, string>>();
for (const { namespace, pod, container } of await containers(
  zonesOf(config).map((zone) => namespaceOf(config, zone)),
)) {
  const { stdout } = await execa('kubectl', [
    'logs',
    pod,
    '-n',
    namespace,
    '-c',
    container,
    `--tail=${TAIL}`,
  ]);
  const known = kinds.get(container) ?? new Map<string, string>();
  kinds.set(container, known);
  for (const line of stdout.split('\n')) {
    const kind = line.trim() === '' ? '' : kindOf(line);
    if (kind !== '' && known.size < MOST && !known.has(kind)) known.set(kind, line);
  }
}
mkdirSync(FOLDER, { recursive: true });
for (const [container, lines] of kinds) {
  if (lines.size === 0) continue;
  writeFileSync(`${FOLDER}/${container}.log`, `${[...lines.values()].join('\n')}\n`);
  console.info(`${container}: ${lines.size} kinds of lines`);
}
