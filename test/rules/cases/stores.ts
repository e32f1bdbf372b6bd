import { type CasesOf, growing, ofJobs, once, still } from './model.ts';

const DATABASES = [
  'postgres-ai-assistant',
  'postgres-onec-integration',
  'postgres-user-management',
  'postgres-analytics',
  'postgres-security',
];
const JOB = 'job="postgres-analytics"';
const analytics = { labels: { job: 'postgres-analytics' } };
/** Gibibytes in use on production's volume of 50 GiB, with the write-ahead log. */
const filled = (gibibytes: number) => ({
  [`pg_database_size_bytes{${JOB},datname="analytics_db"}`]: still((gibibytes - 1) * 2 ** 30),
  [`pg_wal_size_bytes{${JOB}}`]: still(2 ** 30),
});

export const postgres: CasesOf = {
  DatabaseDown: {
    // A missing pod has no series; a pod whose server does not answer has 0.
    fires: {
      at: '3m',
      series: ofJobs('pg_up', DATABASES, still(1), {
        'postgres-analytics': '',
        'postgres-security': still(0),
      }),
      alerts: [
        { labels: { job: 'postgres-analytics', kind: 'postgres', service: 'analytics' } },
        { labels: { job: 'postgres-security', kind: 'postgres', service: 'security' } },
      ],
    },
    quiet: { at: '3m', series: ofJobs('pg_up', DATABASES, still(1)) },
  },
  DatabaseConnectionsNearLimit: {
    fires: {
      at: '10m',
      series: {
        [`pg_stat_activity_count{${JOB},state="active"}`]: still(30),
        [`pg_stat_activity_count{${JOB},state="idle"}`]: still(24),
        [`pg_settings_max_connections{${JOB}}`]: still(60),
      },
      alerts: [{ ...analytics, value: '90%' }],
    },
    quiet: {
      at: '10m',
      series: {
        [`pg_stat_activity_count{${JOB},state="idle"}`]: still(42),
        [`pg_settings_max_connections{${JOB}}`]: still(60),
      },
    },
  },
  DatabaseTransactionLong: {
    fires: {
      at: '20m',
      series: { [`pg_stat_activity_max_tx_duration{${JOB},application_name="analytics"}`]: '0+60x60' },
      alerts: [{ labels: { job: 'postgres-analytics', application_name: 'analytics' }, value: '20m 0s' }],
    },
    quiet: {
      at: '20m',
      series: { [`pg_stat_activity_max_tx_duration{${JOB},application_name="pg_dump"}`]: '0+60x60' },
    },
  },
  DatabaseDeadlocks: {
    fires: {
      at: '15m',
      series: { [`pg_stat_database_deadlocks{${JOB},datname="analytics_db"}`]: growing(1) },
      alerts: [{ labels: { job: 'postgres-analytics', datname: 'analytics_db' }, value: '15' }],
    },
    quiet: {
      at: '15m',
      series: { [`pg_stat_database_deadlocks{${JOB},datname="analytics_db"}`]: once(2) },
    },
  },
  DatabaseVolumeFills: {
    fires: { at: '20m', series: filled(45), alerts: [{ ...analytics, value: '90%' }] },
    quiet: { at: '20m', series: filled(35) },
  },
  DatabaseVolumeAlmostFull: {
    fires: { at: '10m', series: filled(48), alerts: [{ ...analytics, value: '96%' }] },
    quiet: { at: '10m', series: filled(45) },
  },
  DatabaseCollationChanged: {
    fires: {
      at: '10m',
      series: {
        [`pg_database_collation_mismatch{${JOB},datname="analytics_db"}`]: still(1),
        [`pg_database_collation_mismatch{${JOB},datname="postgres"}`]: still(0),
      },
      alerts: [{ labels: { job: 'postgres-analytics', datname: 'analytics_db' } }],
    },
    quiet: {
      at: '10m',
      series: { [`pg_database_collation_mismatch{${JOB},datname="analytics_db"}`]: still(0) },
    },
  },
  DatabaseMetricsFail: {
    fires: {
      at: '15m',
      series: { [`pg_exporter_last_scrape_error{${JOB}}`]: still(1) },
      alerts: [analytics],
    },
    quiet: { at: '15m', series: { [`pg_exporter_last_scrape_error{${JOB}}`]: '1+0x5 0+0x60' } },
  },
};

const cluster = (values: string, odd: Readonly<Record<string, string>> = {}) =>
  Object.fromEntries(
    DATABASES.map((name): [string, string] => [
      `cnpg_collector_up{job="postgresql",cluster="${name}"}`,
      odd[name] ?? values,
    ]),
  );

/** The series of a database with `count` instances that answer. */
const instances = (name: string, count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index): [string, string] => [
      `cnpg_collector_up{job="postgresql",cluster="${name}",pod="${name}-${index + 1}"}`,
      still(1),
    ]),
  );

/** Cases for the database engine cloudnative-pg, which has failover. */
export const cloudNativePg: CasesOf = {
  DatabaseDown: {
    fires: {
      at: '3m',
      series: cluster(still(1), { 'postgres-analytics': still(0) }),
      alerts: [{ labels: { job: 'postgres-analytics', kind: 'postgres', service: 'analytics' } }],
    },
    quiet: { at: '3m', series: cluster(still(1)) },
  },
  DatabaseConnectionsNearLimit: {
    fires: {
      at: '10m',
      series: {
        'cnpg_backends_total{pod="postgres-analytics-1",state="idle"}': still(90),
        'cnpg_pg_settings_setting{pod="postgres-analytics-1",name="max_connections"}': still(100),
      },
      alerts: [{ labels: { pod: 'postgres-analytics-1' }, value: '90%' }],
    },
    quiet: {
      at: '10m',
      series: {
        'cnpg_backends_total{pod="postgres-analytics-1",state="idle"}': still(70),
        'cnpg_pg_settings_setting{pod="postgres-analytics-1",name="max_connections"}': still(100),
      },
    },
  },
  DatabaseInstancesMissing: {
    fires: {
      at: '15m',
      series: instances('postgres-analytics', 2),
      alerts: [{ labels: { job: 'postgres-analytics' }, value: '2' }],
    },
    quiet: { at: '15m', series: instances('postgres-analytics', 3) },
  },
  DatabaseReplicaLags: {
    fires: {
      at: '10m',
      series: { 'cnpg_pg_replication_lag{pod="postgres-analytics-2"}': still(90) },
      alerts: [{ labels: { pod: 'postgres-analytics-2' }, value: '1m 30s' }],
    },
    quiet: { at: '10m', series: { 'cnpg_pg_replication_lag{pod="postgres-analytics-2"}': still(10) } },
  },
  WalArchiveFails: {
    fires: {
      at: '25m',
      series: { 'cnpg_pg_stat_archiver_failed_count{pod="postgres-analytics-1"}': growing(1) },
      alerts: [{ labels: { pod: 'postgres-analytics-1' }, value: '15' }],
    },
    quiet: {
      at: '25m',
      series: { 'cnpg_pg_stat_archiver_failed_count{pod="postgres-analytics-1"}': still(3) },
    },
  },
  BaseBackupOld: {
    fires: {
      at: '40h',
      // The instances report different times; the alert takes the later. The clock of these tests begins at 0.
      series: {
        'barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{pod="postgres-analytics-1"}':
          '3600+0x2500',
        'barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{pod="postgres-analytics-2"}':
          '0+0x2500',
      },
      alerts: [{ labels: { cluster: 'postgres-analytics' }, value: '1d 15h 0m 0s' }],
    },
    quiet: {
      at: '36h',
      series: {
        'barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{pod="postgres-analytics-1"}':
          '3600+0x2500',
      },
    },
  },
};

export const redis: CasesOf = {
  RedisDown: {
    fires: {
      at: '3m',
      series: ofJobs('redis_up', ['redis'], still(0)),
      alerts: [{ labels: { job: 'redis', kind: 'redis' } }],
    },
    quiet: { at: '3m', series: ofJobs('redis_up', ['redis'], still(1)) },
  },
  RedisMemoryNearLimit: {
    fires: {
      at: '20m',
      series: { redis_memory_used_bytes: still(95), redis_memory_max_bytes: still(100) },
      alerts: [{ value: '95%' }],
    },
    quiet: { at: '20m', series: { redis_memory_used_bytes: still(80), redis_memory_max_bytes: still(100) } },
  },
  RedisDropsKeys: {
    fires: { at: '12m', series: { redis_evicted_keys_total: growing(120) }, alerts: [{ value: '2' }] },
    quiet: { at: '12m', series: { redis_evicted_keys_total: still(300) } },
  },
  RedisSnapshotFails: {
    fires: {
      at: '10m',
      series: { 'redis_rdb_last_bgsave_status{pod="redis-0"}': still(0) },
      alerts: [{ labels: { pod: 'redis-0' } }],
    },
    quiet: { at: '10m', series: { 'redis_rdb_last_bgsave_status{pod="redis-0"}': still(1) } },
  },
  RedisSnapshotOld: {
    fires: {
      at: '150m',
      series: {
        'redis_rdb_last_save_timestamp_seconds{pod="redis-0"}': still(0, 200),
        'redis_rdb_changes_since_last_save{pod="redis-0"}': still(5, 200),
      },
      alerts: [{ labels: { pod: 'redis-0' }, value: '2h 30m 0s' }],
    },
    quiet: {
      at: '150m',
      series: {
        'redis_rdb_last_save_timestamp_seconds{pod="redis-0"}': still(0, 200),
        'redis_rdb_changes_since_last_save{pod="redis-0"}': still(0, 200),
      },
    },
  },
  RedisConnectionsNearLimit: {
    fires: {
      at: '10m',
      series: { redis_connected_clients: still(9000), redis_config_maxclients: still(10_000) },
      alerts: [{ value: '90%' }],
    },
    quiet: {
      at: '10m',
      series: { redis_connected_clients: still(13), redis_config_maxclients: still(10_000) },
    },
  },
  RedisRejectsConnections: {
    fires: { at: '10m', series: { redis_rejected_connections_total: growing(1) }, alerts: [{ value: '5' }] },
    quiet: { at: '10m', series: { redis_rejected_connections_total: still(2) } },
  },
};
