/** What the machine must have for the local cluster besides tools. */
import type { ToolRow } from './tools.ts';

/** What Docker may use of the machine: dev needs 2 CPUs and 8 GiB (docs/adr/0004). */
export const MACHINE = { cpus: 2, memoryGiB: 8 } as const;

/** Firmware and kernel keep some of what was bought: a machine of 8 GiB shows less. */
const KEPT_SHARE = 0.9;

/** @param info the CPUs and bytes Docker names, such as `2 8323493888`; more may follow. */
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

/** Images in Docker and once more in the node, the builder's cache, and the volumes. */
const DISK_GIB = 20;

/** @param free bytes where Docker keeps its data. */
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

/** What kind asks for. Below, the edge or Filebeat end with "too many open files". */
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
