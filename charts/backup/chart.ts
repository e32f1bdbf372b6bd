/** Nightly backup and weekly restore drill of every service's database, and the job that restores it on demand. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { PlatformChart, type PlatformChartProps } from '../constructs/platform-chart.ts';
import { scratch, secretVolume } from '../constructs/pod.ts';
import { ScriptJob } from '../constructs/script-job.ts';
import {
  appSecret,
  databaseOf,
  libpqVariables,
  postgresCa,
  superuserOf,
  superuserSecret,
} from '../data/database.ts';
import { POSTGRES_USER_ID } from '../data/postgres.ts';
import { componentOf } from '../graph/build.ts';
import { backupOf, drillOf, restoreOf, type ServiceSpec } from '../graph/model.ts';
import { backupScripts } from './scripts.ts';

const SCRIPTS_CONFIG = 'backup-scripts';
const CPU = { request: '50m', limit: '500m' };
const MEMORY = { request: '64Mi', limit: '256Mi' };
/** Seconds after which Kubernetes ends a Job that hangs, so that the next one can run. */
export const DEADLINE_SECONDS = 3600;

const BACKUP_SECRETS = '/run/secrets/backup';
const RESTORE_SECRETS = '/run/secrets/restore';

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
  private readonly files = backupScripts(this.config);

  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'app');
    new k8s.KubeConfigMap(this, 'scripts', {
      metadata: { name: SCRIPTS_CONFIG },
      data: { ...this.files },
    });
    for (const spec of props.topology.services) if (spec.database) this.addDatabase(spec);
  }

  private addDatabase(spec: ServiceSpec): void {
    const { backups } = this.config;
    const database = databaseOf(this.config, spec);
    const volume = backupOf(spec.name);
    const passwordOf = (secret: string): k8s.Volume =>
      secretVolume('secrets', [
        { secret, key: 'password', path: 'password' },
        ...postgresCa(this.config, spec.name),
      ]);
    const stored = { name: 'backups', persistentVolumeClaim: { claimName: volume } };
    const reading = { name: 'backups', mountPath: '/backups', readOnly: true };
    this.addJob({
      name: volume,
      script: 'backup.sh',
      schedule: backups.schedule,
      env: {
        ...libpqVariables(this.config, spec, BACKUP_SECRETS),
        PGUSER: database.user,
        RETENTION_DAYS: String(backups.retentionDays),
      },
      volumes: [stored, passwordOf(appSecret(spec.name))],
      mounts: [
        { name: 'backups', mountPath: '/backups' },
        { name: 'secrets', mountPath: BACKUP_SECRETS, readOnly: true },
      ],
    });
    this.addJob({
      name: drillOf(spec.name),
      script: 'drill.sh',
      schedule: backups.drillSchedule,
      env: { PGDATABASE: database.name },
      volumes: [stored, scratch('scratch', this.config.databases.storage)],
      mounts: [
        reading,
        // Imported backups and verification marks: the drill can write nowhere else on the volume.
        { name: 'backups', mountPath: '/inbox', subPath: 'inbox' },
        { name: 'scratch', mountPath: '/scratch' },
      ],
    });
    if (this.config.databases.engine !== 'cloudnative-pg')
      this.addJob({
        name: restoreOf(spec.name),
        script: 'restore.sh',
        env: {
          ...libpqVariables(this.config, spec, RESTORE_SECRETS),
          PGUSER: superuserOf(this.config, spec),
          APP_USER: database.user,
          ...(this.config.databases.engine === 'external' ? { EXTERNAL: 'true' } : {}),
        },
        volumes: [stored, passwordOf(superuserSecret(spec.name))],
        mounts: [reading, { name: 'secrets', mountPath: RESTORE_SECRETS, readOnly: true }],
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
      scripts: { config: SCRIPTS_CONFIG, files: this.files },
      mounts: [{ name: 'tmp', mountPath: '/tmp' }, ...mounts],
      volumes: [scratch('tmp', '128Mi'), ...volumes],
      cpu: CPU,
      memory: MEMORY,
    });
  }
}
