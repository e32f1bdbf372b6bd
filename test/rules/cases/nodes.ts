import { type CasesOf, growing, type Series, still } from './model.ts';

const NODE = 'instance="node-1"';
const node = { instance: 'node-1' };
const DISK = `${NODE},device="/dev/sda1",fstype="ext4",mountpoint="/"`;
const disk = { ...node, device: '/dev/sda1' };
const diskLeft = (left: number): Series => ({
  [`node_filesystem_avail_bytes{${DISK}}`]: still(left),
  [`node_filesystem_size_bytes{${DISK}}`]: still(100),
});

export const nodes: CasesOf = {
  NodeMemoryLow: {
    fires: {
      at: '15m',
      series: {
        [`node_memory_MemAvailable_bytes{${NODE}}`]: still(5),
        [`node_memory_MemTotal_bytes{${NODE}}`]: still(100),
      },
      alerts: [{ labels: node, value: '5%' }],
    },
    quiet: {
      at: '15m',
      series: {
        [`node_memory_MemAvailable_bytes{${NODE}}`]: still(20),
        [`node_memory_MemTotal_bytes{${NODE}}`]: still(100),
      },
    },
  },
  NodeDiskFills: {
    fires: { at: '20m', series: diskLeft(10), alerts: [{ labels: disk, value: '10%' }] },
    quiet: [
      { at: '20m', series: diskLeft(20) },
      // tmpfs lies in memory.
      {
        at: '20m',
        series: {
          [`node_filesystem_avail_bytes{${NODE},device="tmpfs",fstype="tmpfs"}`]: still(1),
          [`node_filesystem_size_bytes{${NODE},device="tmpfs",fstype="tmpfs"}`]: still(100),
        },
      },
    ],
  },
  NodeDiskAlmostFull: {
    fires: { at: '10m', series: diskLeft(4), alerts: [{ labels: disk, value: '4%' }] },
    quiet: { at: '10m', series: diskLeft(10) },
  },
  NodeOutOfInodes: {
    fires: {
      at: '20m',
      series: {
        [`node_filesystem_files_free{${DISK}}`]: still(5),
        [`node_filesystem_files{${DISK}}`]: still(100),
      },
      alerts: [{ labels: disk, value: '5%' }],
    },
    // A file system that creates inodes on demand reports 0 of 0.
    quiet: {
      at: '20m',
      series: {
        [`node_filesystem_files_free{${DISK}}`]: still(0),
        [`node_filesystem_files{${DISK}}`]: still(0),
      },
    },
  },
  NodeCpuBusy: {
    fires: {
      at: '40m',
      series: { [`node_cpu_seconds_total{${NODE},cpu="0",mode="idle"}`]: growing(3) },
      alerts: [{ labels: node, value: '95%' }],
    },
    quiet: { at: '40m', series: { [`node_cpu_seconds_total{${NODE},cpu="0",mode="idle"}`]: growing(30) } },
  },
  NodeClockOff: {
    fires: {
      at: '10m',
      series: { [`node_time_seconds{${NODE}}`]: '30+60x60' },
      alerts: [{ labels: node, value: '30s' }],
    },
    quiet: { at: '10m', series: { [`node_time_seconds{${NODE}}`]: '1+60x60' } },
  },
};
