/** Nightly backup and weekly restore drill of every service's database, and the job that restores it on demand. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { PlatformChart, type PlatformChartProps } from '../constructs/platform-chart.ts';
import { scratch, secretVolume } from '../constructs/pod.ts';
import { ScriptJob } from '../constructs/script-job.ts';
import { appSecret, type Database, databaseOf, postgresHost, superuserSecret } from '../data/database.ts';
import { POSTGRES_USER_ID } from '../data/postgres.ts';
import { componentOf } from '../graph/build.ts';
import { backupOf, drillOf, PORTS, restoreOf, type ServiceSpec } from '../graph/model.ts';
import { BACKUP_SCRIPTS } from './scripts.ts';

const SCRIPTS_CONFIG = 'backup-scripts';
const CPU = { request: '50m', limit: '500m' };
const MEMORY = { request: '64Mi', limit: '256Mi' };
/** Seconds after which Kubernetes ends a Job that hangs, so that the next one can run. */
export const DEADLINE_SECONDS = 3600;

const passwordOf = (secret: string): k8s.Volume =>
  secretVolume('secrets', [{ secret, key: 'password', path: 'password' }]);

interface JobSpec {
  readonly name: string;
  readonly script: string;
  /** @default none: the Job runs on demand only */
  readonly schedule?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly volumes: readonly k8s.Volume[];
  readonly mounts: readonly k8s.VolumeMount[];
}

export class Backups extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'app');
    new k8s.KubeConfigMap(this, 'scripts', {
      metadata: { name: SCRIPTS_CONFIG },
      data: { ...BACKUP_SCRIPTS },
    });
    for (const spec of props.topology.services) if (spec.database) this.addDatabase(spec, spec.database);
  }

  private addDatabase(spec: ServiceSpec, base: Database): void {
    const { backups } = this.config;
    const database = databaseOf(this.config, base);
    const volume = backupOf(spec.name);
    const name = { PGDATABASE: database.name };
    const server = { PGHOST: postgresHost(this.config, spec.name), PGPORT: String(PORTS.postgres) };
    const stored = { name: 'backups', persistentVolumeClaim: { claimName: volume } };
    const reading = { name: 'backups', mountPath: '/backups', readOnly: true };
    this.addJob({
      name: volume,
      script: 'backup.sh',
      schedule: backups.schedule,
      env: { ...server, ...name, PGUSER: database.user, RETENTION_DAYS: String(backups.retentionDays) },
      volumes: [stored, passwordOf(appSecret(spec.name))],
      mounts: [
        { name: 'backups', mountPath: '/backups' },
        { name: 'secrets', mountPath: '/run/secrets/backup', readOnly: true },
      ],
    });
    this.addJob({
      name: drillOf(spec.name),
      script: 'drill.sh',
      schedule: backups.drillSchedule,
      env: name,
      volumes: [stored, scratch('scratch', this.config.databases.storage)],
      mounts: [
        reading,
        // Imported backups and verification marks: the drill can write nowhere else on the volume.
        { name: 'backups', mountPath: '/inbox', subPath: 'inbox' },
        { name: 'scratch', mountPath: '/scratch' },
      ],
    });
    if (this.config.databases.engine === 'statefulset')
      this.addJob({
        name: restoreOf(spec.name),
        script: 'restore.sh',
        env: { ...server, ...name, APP_USER: database.user },
        volumes: [stored, passwordOf(superuserSecret(spec.name))],
        mounts: [reading, { name: 'secrets', mountPath: '/run/secrets/restore', readOnly: true }],
      });
  }

  private addJob({ name, script, mounts, volumes, ...job }: JobSpec): void {
    new ScriptJob(this, name, {
      ...job,
      config: this.config,
      component: componentOf(this.topology, name),
      limits: {
        startingDeadlineSeconds: DEADLINE_SECONDS,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 2,
      },
      backoffLimit: 2,
      deadlineSeconds: DEADLINE_SECONDS,
      image: 'postgres',
      user: POSTGRES_USER_ID,
      command: ['bash', `/scripts/${script}`],
      scripts: { config: SCRIPTS_CONFIG, files: BACKUP_SCRIPTS },
      mounts: [{ name: 'tmp', mountPath: '/tmp' }, ...mounts],
      volumes: [scratch('tmp', '128Mi'), ...volumes],
      cpu: CPU,
      memory: MEMORY,
    });
  }
}
