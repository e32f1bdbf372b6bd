/** Causes in the databases and Redis. */
import { bytesOf } from '../../config/quantity.ts';
import { expected } from './components.ts';
import type { Alert, RuleGroup, RuleScope } from './model.ts';

const databaseDown = (answers: string): Alert => ({
  alert: 'DatabaseDown',
  severity: 'critical',
  for: '1m',
  expr: `${expected('postgres')} unless on (job) ${answers}`,
  summary: 'The database of {{ $labels.service }} is down',
  description: '{{ $labels.job }} has not answered for a minute: {{ $labels.service }} answers 503.',
});

/** Data and log as a share of the configured volume: works where kubelets report no volumes. */
const fuller = (storage: string, share: number): string =>
  `(sum by (job) (pg_database_size_bytes) + max by (job) (pg_wal_size_bytes)) / ${bytesOf(storage)} > ${share}`;

const volumeAlerts = (storage: string): readonly Alert[] => [
  {
    alert: 'DatabaseVolumeFills',
    severity: 'warning',
    for: '15m',
    expr: fuller(storage, 0.8),
    summary: 'The volume of {{ $labels.job }} fills up',
    description: `Data and log of {{ $labels.job }} take {{ $value | humanizePercentage }} of ${storage}.`,
  },
  {
    alert: 'DatabaseVolumeAlmostFull',
    severity: 'critical',
    for: '5m',
    expr: fuller(storage, 0.95),
    summary: 'The volume of {{ $labels.job }} is almost full: it stops when it is',
    description: `Data and log of {{ $labels.job }} take {{ $value | humanizePercentage }} of ${storage}.`,
  },
];

/** @param storage size of the volumes; undefined when they are somebody else's to watch. */
const exporterAlerts = (storage: string | undefined): readonly Alert[] => [
  databaseDown('pg_up == 1'),
  {
    alert: 'DatabaseConnectionsNearLimit',
    severity: 'warning',
    for: '5m',
    expr: 'sum by (job) (pg_stat_activity_count) / max by (job) (pg_settings_max_connections) > 0.8',
    summary: '{{ $labels.job }} runs out of connections',
    description: '{{ $value | humanizePercentage }} of the connections {{ $labels.job }} allows are taken.',
  },
  {
    alert: 'DatabaseTransactionLong',
    severity: 'warning',
    for: '5m',
    // A backup reads in one transaction until it ends.
    expr: 'max by (job, application_name) (pg_stat_activity_max_tx_duration{application_name!="pg_dump"}) > 600',
    summary: 'A transaction in {{ $labels.job }} does not end',
    description:
      'A transaction of {{ $labels.application_name }} in {{ $labels.job }} has been open for {{ $value | humanizeDuration }}: nothing it may see is cleaned up.',
  },
  {
    alert: 'DatabaseDeadlocks',
    severity: 'warning',
    expr: 'sum by (job, datname) (increase(pg_stat_database_deadlocks[15m])) > 3',
    summary: 'Transactions in {{ $labels.job }} block each other',
    description: '{{ $value | humanize }} deadlocks in {{ $labels.datname }} within 15 minutes.',
  },
  ...(storage === undefined ? [] : volumeAlerts(storage)),
  {
    alert: 'DatabaseCollationChanged',
    severity: 'warning',
    for: '5m',
    expr: 'max by (job, datname) (pg_database_collation_mismatch) == 1',
    summary: '{{ $labels.datname }} was sorted by other rules than {{ $labels.job }} has now',
    description:
      'The image of {{ $labels.job }} brought another version of the collation of {{ $labels.datname }}: indexes on text may miss rows until they are rebuilt.',
  },
  {
    alert: 'DatabaseMetricsFail',
    severity: 'warning',
    for: '10m',
    expr: 'max by (job) (pg_exporter_last_scrape_error) == 1',
    summary: 'The exporter of {{ $labels.job }} cannot read everything',
    description: 'Some queries of the exporter of {{ $labels.job }} fail: alerts on its metrics are blind.',
  },
];

/** Metrics of the operator; their label `cluster` is the component's name. */
const INSTANCES_UP = 'label_replace(cnpg_collector_up == 1, "job", "$1", "cluster", "(.+)")';

const cloudNativePgAlerts = (instances: number): readonly Alert[] => [
  databaseDown(INSTANCES_UP),
  {
    alert: 'DatabaseInstancesMissing',
    severity: 'warning',
    for: '10m',
    expr: `count by (job) (${INSTANCES_UP}) < ${instances}`,
    summary: '{{ $labels.job }} has fewer instances than it should',
    description: `{{ $value }} of ${instances} instances of {{ $labels.job }} answer: a failover has fewer to go to, or none.`,
  },
  {
    alert: 'DatabaseConnectionsNearLimit',
    severity: 'warning',
    for: '5m',
    expr: 'sum by (pod) (cnpg_backends_total) / max by (pod) (cnpg_pg_settings_setting{name="max_connections"}) > 0.8',
    summary: '{{ $labels.pod }} runs out of connections',
    description: '{{ $value | humanizePercentage }} of the connections {{ $labels.pod }} allows are taken.',
  },
  {
    alert: 'DatabaseReplicaLags',
    severity: 'warning',
    for: '5m',
    expr: 'max by (pod) (cnpg_pg_replication_lag) > 60',
    summary: 'Replica {{ $labels.pod }} is behind its primary',
    description:
      '{{ $labels.pod }} is {{ $value | humanizeDuration }} behind: a failover would lose that much, or wait for it.',
  },
];

const walArchiveAlert: Alert = {
  alert: 'WalArchiveFails',
  severity: 'critical',
  for: '5m',
  expr: 'sum by (pod) (increase(cnpg_pg_stat_archiver_failed_count[15m])) > 0',
  summary: 'The log of {{ $labels.pod }} is not archived',
  description:
    '{{ $value | humanize }} segments could not be archived within 15 minutes: no recovery to a point in time after that.',
};

/** The plugin takes a base backup each night, and reports its age for each instance. */
const baseBackupAlert: Alert = {
  alert: 'BaseBackupOld',
  severity: 'critical',
  for: '30m',
  expr: 'time() - max by (cluster) (label_replace(barman_cloud_cloudnative_pg_io_last_available_backup_timestamp, "cluster", "$1", "pod", "(.+)-[0-9]+")) > 129600',
  summary: 'The last base backup of {{ $labels.cluster }} is too old',
  description:
    'The last base backup of {{ $labels.cluster }} is {{ $value | humanizeDuration }} old: what is archived since takes ever longer to replay, and without a base backup nothing can be restored.',
};

const snapshotAlerts: readonly Alert[] = [
  {
    alert: 'RedisSnapshotFails',
    severity: 'warning',
    for: '5m',
    expr: 'redis_rdb_last_bgsave_status == 0',
    summary: 'Redis cannot save its data',
    description: 'The last snapshot of {{ $labels.pod }} failed; what Redis holds is lost when its pod ends.',
  },
  {
    alert: 'RedisSnapshotOld',
    severity: 'warning',
    for: '10m',
    expr: '(time() - redis_rdb_last_save_timestamp_seconds > 7200) and (redis_rdb_changes_since_last_save > 0)',
    summary: 'Redis has not saved its data for long',
    description:
      'The last snapshot of {{ $labels.pod }} is {{ $value | humanizeDuration }} old, and there were changes since.',
  },
];

/** @param savesHere its snapshots are ours to watch. */
const redisAlerts = (savesHere: boolean): readonly Alert[] => [
  {
    alert: 'RedisDown',
    severity: 'critical',
    for: '1m',
    expr: `${expected('redis')} unless on (job) redis_up == 1`,
    summary: 'Redis is down: no limits, no token budgets, no events',
    description: '{{ $labels.job }} has not answered for a minute: services are not ready without it.',
  },
  {
    alert: 'RedisMemoryNearLimit',
    severity: 'warning',
    for: '15m',
    expr: 'redis_memory_used_bytes / redis_memory_max_bytes > 0.9',
    summary: 'Redis is almost full: it will drop what was used least',
    description: 'Redis uses {{ $value | humanizePercentage }} of its memory.',
  },
  {
    alert: 'RedisDropsKeys',
    severity: 'warning',
    for: '5m',
    expr: 'rate(redis_evicted_keys_total[5m]) > 0',
    summary: 'Redis drops keys because its memory is full',
    description:
      '{{ $value | humanize }} keys a second are dropped: limits and budgets are counted anew, even the events may go.',
  },
  ...(savesHere ? snapshotAlerts : []),
  {
    alert: 'RedisConnectionsNearLimit',
    severity: 'warning',
    for: '5m',
    expr: 'redis_connected_clients / redis_config_maxclients > 0.8',
    summary: 'Redis runs out of connections',
    description: '{{ $value | humanizePercentage }} of the connections Redis allows are taken.',
  },
  {
    alert: 'RedisRejectsConnections',
    severity: 'critical',
    expr: 'increase(redis_rejected_connections_total[5m]) > 0',
    summary: 'Redis rejects connections',
    description: '{{ $value | humanize }} connections were rejected within five minutes.',
  },
];

/** The owners of external servers watch their disks and snapshots. */
export function storeGroups({ config, topology }: RuleScope): readonly RuleGroup[] {
  const { engine, instances, storage, walArchive } = config.databases;
  const ofEngine =
    engine === 'cloudnative-pg'
      ? [...cloudNativePgAlerts(instances), ...(walArchive ? [walArchiveAlert, baseBackupAlert] : [])]
      : exporterAlerts(engine === 'external' ? undefined : storage);
  const postgres = topology.components.some(({ kind }) => kind === 'postgres');
  return [
    ...(postgres ? [{ name: 'postgres', alerts: ofEngine }] : []),
    { name: 'redis', alerts: redisAlerts(config.redis.engine !== 'external') },
  ];
}
