/** The nodes: memory, disks, processors, clocks. */
import { NODE_EXPORTER } from '../../graph/model.ts';
import { type Alert, type RuleGroup, type RuleScope, runs } from './model.ts';

/** Leaves out file systems in memory. */
const DISKS = 'fstype!~"tmpfs|ramfs"';
const left = (free: string, all: string): string =>
  `min by (instance, device) (${free}{${DISKS}} / (${all}{${DISKS}} > 0))`;
const bytesLeft = left('node_filesystem_avail_bytes', 'node_filesystem_size_bytes');

const alerts: readonly Alert[] = [
  {
    alert: 'NodeMemoryLow',
    severity: 'warning',
    for: '10m',
    expr: 'node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes < 0.1',
    summary: 'Node {{ $labels.instance }} runs out of memory',
    description: '{{ $value | humanizePercentage }} of the memory of {{ $labels.instance }} is left.',
  },
  {
    alert: 'NodeDiskFills',
    severity: 'warning',
    for: '15m',
    expr: `${bytesLeft} < 0.15`,
    summary: 'Disk {{ $labels.device }} of node {{ $labels.instance }} fills up',
    description:
      '{{ $value | humanizePercentage }} of {{ $labels.device }} of {{ $labels.instance }} are left; below 15 % the kubelet removes images.',
  },
  {
    alert: 'NodeDiskAlmostFull',
    severity: 'critical',
    for: '5m',
    expr: `${bytesLeft} < 0.05`,
    summary: 'Disk {{ $labels.device }} of node {{ $labels.instance }} is almost full',
    description:
      '{{ $value | humanizePercentage }} of {{ $labels.device }} of {{ $labels.instance }} are left: pods are evicted.',
  },
  {
    alert: 'NodeOutOfInodes',
    severity: 'warning',
    for: '15m',
    expr: `${left('node_filesystem_files_free', 'node_filesystem_files')} < 0.1`,
    summary: 'Disk {{ $labels.device }} of node {{ $labels.instance }} has too many files',
    description:
      '{{ $value | humanizePercentage }} of the inodes of {{ $labels.device }} of {{ $labels.instance }} are left.',
  },
  {
    alert: 'NodeCpuBusy',
    severity: 'info',
    for: '30m',
    expr: '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[5m])) > 0.9',
    summary: 'The processors of node {{ $labels.instance }} are busy all the time',
    description:
      '{{ $value | humanizePercentage }} of the processors of {{ $labels.instance }} have been in use for half an hour.',
  },
  {
    alert: 'NodeClockOff',
    severity: 'critical',
    for: '5m',
    // Prometheus dates the sample, so this compares the node's clock with its own.
    expr: 'abs(node_time_seconds - timestamp(node_time_seconds)) > 5',
    summary: 'The clock of node {{ $labels.instance }} is wrong',
    description:
      'The clock of {{ $labels.instance }} and that of Prometheus are {{ $value | humanizeDuration }} apart: tokens are refused as not yet valid or expired.',
  },
];

export const nodeGroups = (scope: RuleScope): readonly RuleGroup[] =>
  runs(scope, NODE_EXPORTER) ? [{ name: 'nodes', alerts }] : [];
