/** Where data lives: PostgreSQL, Redis, and the backups. */
import type { DashboardSpec, PanelSpec } from './model.ts';

const byDatabase = (title: string, expr: string, unit: PanelSpec['unit'] = 'none'): PanelSpec => ({
  title,
  unit,
  queries: [{ expr, legend: '{{job}}' }],
});
/** The platform's databases on the server. */
const OWN = 'datname!~"template.|postgres"';

export const postgres = (): DashboardSpec => ({
  uid: 'assistants-postgres',
  title: 'PostgreSQL',
  folder: 'Data',
  rows: [
    {
      title: 'Load',
      panels: [
        byDatabase('Up', 'min by (job) (pg_up)'),
        byDatabase(
          'Transactions a second',
          `sum by (job) (rate(pg_stat_database_xact_commit{${OWN}}[$__rate_interval])) + sum by (job) (rate(pg_stat_database_xact_rollback{${OWN}}[$__rate_interval]))`,
        ),
        byDatabase(
          'Part rolled back',
          `sum by (job) (rate(pg_stat_database_xact_rollback{${OWN}}[$__rate_interval])) / (sum by (job) (rate(pg_stat_database_xact_commit{${OWN}}[$__rate_interval])) + sum by (job) (rate(pg_stat_database_xact_rollback{${OWN}}[$__rate_interval])))`,
          'percentunit',
        ),
        byDatabase(
          'Connections in use',
          `sum by (job) (pg_stat_activity_count{${OWN}}) / max by (job) (pg_settings_max_connections)`,
          'percentunit',
        ),
        byDatabase('Longest transaction', `max by (job) (pg_stat_activity_max_tx_duration{${OWN}})`, 's'),
        byDatabase(
          'Rows read and written a second',
          `sum by (job) (rate(pg_stat_database_tup_fetched{${OWN}}[$__rate_interval])) + sum by (job) (rate(pg_stat_database_tup_inserted{${OWN}}[$__rate_interval])) + sum by (job) (rate(pg_stat_database_tup_updated{${OWN}}[$__rate_interval])) + sum by (job) (rate(pg_stat_database_tup_deleted{${OWN}}[$__rate_interval]))`,
        ),
      ],
    },
    {
      title: 'Storage',
      panels: [
        byDatabase('Size', `sum by (job) (pg_database_size_bytes{${OWN}})`, 'bytes'),
        byDatabase(
          'Blocks found in memory',
          `sum by (job) (rate(pg_stat_database_blks_hit{${OWN}}[$__rate_interval])) / (sum by (job) (rate(pg_stat_database_blks_hit{${OWN}}[$__rate_interval])) + sum by (job) (rate(pg_stat_database_blks_read{${OWN}}[$__rate_interval])))`,
          'percentunit',
        ),
        byDatabase('Write-ahead log', 'sum by (job) (pg_wal_size_bytes)', 'bytes'),
        byDatabase(
          'Deadlocks',
          `sum by (job) (increase(pg_stat_database_deadlocks{${OWN}}[$__rate_interval]))`,
        ),
        byDatabase(
          'Temporary files',
          `sum by (job) (rate(pg_stat_database_temp_bytes{${OWN}}[$__rate_interval]))`,
          'Bps',
        ),
        {
          title: 'Volumes in use',
          unit: 'percentunit',
          thresholds: { warning: 0.8, critical: 0.9 },
          queries: [
            {
              expr: '1 - kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes',
              legend: '{{persistentvolumeclaim}}',
            },
          ],
        },
      ],
    },
  ],
});

export const redis = (): DashboardSpec => ({
  uid: 'assistants-redis',
  title: 'Redis',
  folder: 'Data',
  rows: [
    {
      title: 'Load',
      panels: [
        {
          title: 'Commands a second',
          queries: [
            {
              expr: 'topk(8, sum by (cmd) (rate(redis_commands_total[$__rate_interval])))',
              legend: '{{cmd}}',
            },
          ],
        },
        {
          title: 'Time of a command',
          unit: 's',
          queries: [
            {
              expr: 'topk(8, sum by (cmd) (rate(redis_commands_duration_seconds_total[$__rate_interval])) / sum by (cmd) (rate(redis_commands_total[$__rate_interval])))',
              legend: '{{cmd}}',
            },
          ],
        },
        {
          title: 'Connections',
          queries: [
            { expr: 'sum(redis_connected_clients)', legend: 'open' },
            { expr: 'sum(redis_blocked_clients)', legend: 'waiting for an event' },
            {
              expr: 'sum(increase(redis_rejected_connections_total[$__rate_interval]))',
              legend: 'refused',
            },
          ],
        },
      ],
    },
    {
      title: 'Memory and disk',
      panels: [
        {
          title: 'Memory',
          unit: 'bytes',
          queries: [
            { expr: 'max(redis_memory_used_bytes)', legend: 'used' },
            { expr: 'max(redis_memory_max_bytes)', legend: 'allowed' },
            { expr: 'max(redis_memory_used_rss_bytes)', legend: 'of the process' },
          ],
        },
        {
          title: 'Keys that went',
          queries: [
            { expr: 'sum(rate(redis_evicted_keys_total[$__rate_interval]))', legend: 'evicted for room' },
            { expr: 'sum(rate(redis_expired_keys_total[$__rate_interval]))', legend: 'expired' },
          ],
        },
        {
          title: 'Last snapshot',
          description: 'Age of the last snapshot on disk, and changes since then.',
          unit: 's',
          queries: [
            { expr: 'time() - max(redis_rdb_last_save_timestamp_seconds)', legend: 'age' },
            { expr: 'max(redis_rdb_changes_since_last_save)', legend: 'changes' },
          ],
        },
        {
          title: 'Found in the cache',
          unit: 'percentunit',
          queries: [
            {
              expr: 'sum(rate(redis_keyspace_hits_total[$__rate_interval])) / (sum(rate(redis_keyspace_hits_total[$__rate_interval])) + sum(rate(redis_keyspace_misses_total[$__rate_interval])))',
              legend: '',
            },
          ],
        },
      ],
    },
  ],
});

const jobs = (name: string): readonly PanelSpec[] => [
  {
    title: 'Time since the last that succeeded',
    unit: 's',
    queries: [
      {
        expr: `time() - max by (cronjob) (kube_cronjob_status_last_successful_time{cronjob=~"${name}-.+"})`,
        legend: '{{cronjob}}',
      },
    ],
  },
  {
    title: 'Failed jobs',
    thresholds: { warning: 1, critical: 1 },
    queries: [
      {
        expr: `sum by (job_name) (kube_job_status_failed{job_name=~"${name}-.+"}) > 0`,
        legend: '{{job_name}}',
      },
    ],
  },
  {
    title: 'Time they took',
    unit: 's',
    queries: [
      {
        expr: `kube_job_status_completion_time{job_name=~"${name}-.+"} - kube_job_status_start_time{job_name=~"${name}-.+"}`,
        legend: '{{job_name}}',
      },
    ],
  },
];

export const backups = (): DashboardSpec => ({
  uid: 'assistants-backups',
  title: 'Backups',
  folder: 'Data',
  rows: [
    { title: 'Nightly backups', panels: jobs('backup') },
    { title: 'Restore drills', panels: jobs('restore-drill') },
  ],
});
