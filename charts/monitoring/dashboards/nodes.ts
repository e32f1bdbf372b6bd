/** The nodes: processors, memory, disks, and the pods that use them. */
import type { DashboardSpec } from './model.ts';

/** Leaves out file systems in memory. */
const DISK = 'fstype!~"tmpfs|ramfs",mountpoint!~"/etc/.+"';

export const nodes = (): DashboardSpec => ({
  uid: 'assistants-nodes',
  title: 'Cluster nodes',
  folder: 'Platform',
  rows: [
    {
      title: 'Nodes',
      panels: [
        {
          title: 'CPU in use',
          unit: 'percentunit',
          thresholds: { warning: 0.8, critical: 0.95 },
          queries: [
            {
              expr: '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))',
              legend: '{{instance}}',
            },
          ],
        },
        {
          title: 'Memory in use',
          unit: 'percentunit',
          thresholds: { warning: 0.85, critical: 0.95 },
          queries: [
            {
              expr: '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes',
              legend: '{{instance}}',
            },
          ],
        },
        {
          title: 'Disks in use',
          unit: 'percentunit',
          thresholds: { warning: 0.8, critical: 0.9 },
          queries: [
            {
              expr: `1 - node_filesystem_avail_bytes{${DISK}} / node_filesystem_size_bytes{${DISK}}`,
              legend: '{{instance}} {{mountpoint}}',
            },
          ],
        },
        {
          title: 'Waiting for CPU, memory and disks',
          description: 'Part of the time in which somebody waited (pressure stall information).',
          unit: 'percentunit',
          queries: [
            {
              expr: 'rate(node_pressure_cpu_waiting_seconds_total[$__rate_interval])',
              legend: '{{instance}} CPU',
            },
            {
              expr: 'rate(node_pressure_memory_waiting_seconds_total[$__rate_interval])',
              legend: '{{instance}} memory',
            },
            {
              expr: 'rate(node_pressure_io_waiting_seconds_total[$__rate_interval])',
              legend: '{{instance}} disks',
            },
          ],
        },
        {
          title: 'Disk traffic',
          unit: 'Bps',
          queries: [
            {
              expr: 'sum by (instance) (rate(node_disk_read_bytes_total[$__rate_interval]))',
              legend: '{{instance}} read',
            },
            {
              expr: 'sum by (instance) (rate(node_disk_written_bytes_total[$__rate_interval]))',
              legend: '{{instance}} written',
            },
          ],
        },
        {
          title: 'Load for each processor',
          queries: [
            {
              expr: 'node_load5 / on (instance) count by (instance) (node_cpu_seconds_total{mode="idle"})',
              legend: '{{instance}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Pods',
      panels: [
        {
          title: 'CPU by pod',
          queries: [
            {
              expr: 'topk(10, sum by (pod) (rate(container_cpu_usage_seconds_total{container!=""}[$__rate_interval])))',
              legend: '{{pod}}',
            },
          ],
        },
        {
          title: 'Memory of the limit',
          unit: 'percentunit',
          thresholds: { warning: 0.8, critical: 0.95 },
          queries: [
            {
              expr: 'topk(10, max by (pod, container) (container_memory_working_set_bytes{container!=""} / (container_spec_memory_limit_bytes{container!=""} > 0)))',
              legend: '{{pod}} {{container}}',
            },
          ],
        },
        {
          title: 'Network by pod',
          unit: 'Bps',
          queries: [
            {
              expr: 'topk(5, sum by (pod) (rate(container_network_receive_bytes_total[$__rate_interval])))',
              legend: '{{pod}} in',
            },
            {
              expr: 'topk(5, sum by (pod) (rate(container_network_transmit_bytes_total[$__rate_interval])))',
              legend: '{{pod}} out',
            },
          ],
        },
        {
          title: 'Restarts',
          queries: [
            {
              expr: 'sum by (pod, container) (increase(kube_pod_container_status_restarts_total[$__rate_interval])) > 0',
              legend: '{{pod}} {{container}}',
            },
          ],
        },
        {
          title: 'Pods that are not ready',
          thresholds: { warning: 1, critical: 1 },
          queries: [
            {
              expr: 'sum by (namespace) (kube_pod_status_ready{condition="false"} * on (namespace, pod) group_left () (kube_pod_status_phase{phase=~"Running|Pending"} == 1))',
              legend: '{{namespace}}',
            },
          ],
        },
        {
          title: 'Quota in use',
          unit: 'percentunit',
          thresholds: { warning: 0.9, critical: 1 },
          queries: [
            {
              expr: 'max by (namespace, resource) (kube_resourcequota{type="used"}) / max by (namespace, resource) (kube_resourcequota{type="hard"} > 0)',
              legend: '{{namespace}} {{resource}}',
            },
          ],
        },
      ],
    },
  ],
});
