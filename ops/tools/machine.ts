/** Looks at the machine the local cluster runs on. */
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { diskRow, type InotifyLimits, inotifyRow, machineRow } from '../core/machine.ts';
import { ROOT } from '../core/paths.ts';
import type { ToolRow } from '../core/tools.ts';
import { probe } from './check.ts';

const LIMITS = '/proc/sys/fs/inotify';

/** What can be found out from here: not the kernel and the disk of a virtual machine that Docker runs in. */
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
