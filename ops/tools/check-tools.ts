import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { Failure, messageOf } from '../core/failure.ts';
import { ROOT } from '../core/paths.ts';
import {
  diskRow,
  type InotifyLimits,
  inotifyRow,
  machineRow,
  type Probed,
  TOOLS,
  type ToolName,
  type ToolRow,
  toolRow,
} from '../core/required-tools.ts';
import { run } from './run.ts';

const LIMITS = '/proc/sys/fs/inotify';

/** What this process can see: not the kernel and the disk of a virtual machine that runs Docker. */
export async function machineRows(): Promise<readonly ToolRow[]> {
  const format = '{{.NCPU}} {{.MemTotal}} {{.DockerRootDir}}';
  const docker = await probe('docker', ['info', '--format', format]);
  const info = docker !== 'missing' && 'output' in docker ? docker.output.trim() : '';
  const folder = info.split(' ')[2] ?? '';
  const { bavail, bsize } = statfsSync(existsSync(folder) ? folder : ROOT);
  return [
    ...(info === '' ? [] : [machineRow(info)]),
    diskRow(bavail * bsize),
    ...(existsSync(LIMITS) ? [inotifyRow(limits())] : []),
  ];
}

const read = (name: string): number => Number(readFileSync(`${LIMITS}/${name}`, 'utf8'));
const limits = (): InotifyLimits => ({
  instances: read('max_user_instances'),
  watches: read('max_user_watches'),
});

/** @throws Failure naming every tool that is missing, too old or broken, and where to get it. */
export async function checkTools(names: readonly ToolName[]): Promise<void> {
  const rows = await Promise.all(names.map(checkTool));
  const problems = rows.flatMap(problemOf);
  if (problems.length > 0) throw new Failure(problems.join('; '), 'then run the command again');
}

function problemOf({ name, found, needed, state, next }: ToolRow): readonly string[] {
  if (state === 'ok') return [];
  if (state === 'missing') return [`${name}: not found, ${next}`];
  return state === 'too old'
    ? [`${name}: ${found} is too old, ${needed} is needed, ${next}`]
    : [`${name}: does not work (${next})`];
}

export const checkTool = async (name: ToolName): Promise<ToolRow> =>
  toolRow(name, TOOLS[name], await probe(name, TOOLS[name].probe));

/** Runs a tool to see whether it works. */
export async function probe(tool: string, args: readonly string[]): Promise<Probed> {
  try {
    return { output: (await run(tool, args)).stdout };
  } catch (error) {
    const message = messageOf(error);
    return /ENOENT/.test(message) ? 'missing' : { problem: message };
  }
}
