/** Nightly backup and weekly restore drill of every service's database. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { thirdPartyImage } from '../config/images.ts';
import { checksum } from '../constructs/checksum.ts';
import { componentLabels, priorityClass } from '../constructs/names.ts';
import {
  containerSecurity,
  podSecurity,
  resources,
  scratch,
  secretVolume,
  volumeClaim,
} from '../constructs/pod.ts';
import { PlatformChart, type PlatformChartProps } from '../constructs/scope.ts';
import { appSecret, databaseOf, postgresHost } from '../data/database.ts';
import { POSTGRES_USER_ID } from '../data/postgres.ts';
import { componentOf } from '../graph/build.ts';
import { backupOf, drillOf, PORTS, type ServiceSpec } from '../graph/model.ts';
import { BACKUP_SCRIPTS } from './scripts.ts';

const SCRIPTS_CONFIG = 'backup-scripts';
const CPU = { request: '50m', limit: '500m' };
const MEMORY = { request: '64Mi', limit: '256Mi' };
/** A job that hangs is ended, so that the next one can run. */
const DEADLINE_SECONDS = 3600;

interface JobSpec {
  readonly name: string;
  readonly script: string;
  readonly schedule: string;
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

  private addDatabase(spec: ServiceSpec, base: { readonly name: string; readonly user: string }): void {
    const { backups } = this.config;
    const database = databaseOf(this.config, base);
    const volume = backupOf(spec.name);
    new k8s.KubePersistentVolumeClaim(this, `${volume}-volume`, {
      metadata: { name: volume, labels: componentLabels(this.config, componentOf(this.topology, volume)) },
      spec: volumeClaim(this.config, backups.storage),
    });
    this.addCronJob({
      name: backupOf(spec.name),
      script: 'backup.sh',
      schedule: backups.schedule,
      env: {
        PGHOST: postgresHost(this.config, spec.name),
        PGPORT: String(PORTS.postgres),
        PGDATABASE: database.name,
        PGUSER: database.user,
        RETENTION_DAYS: String(backups.retentionDays),
      },
      volumes: [
        { name: 'backups', persistentVolumeClaim: { claimName: volume } },
        secretVolume('secrets', [{ secret: appSecret(spec.name), key: 'password', path: 'password' }]),
      ],
      mounts: [
        { name: 'backups', mountPath: '/backups' },
        { name: 'secrets', mountPath: '/run/secrets/backup', readOnly: true },
      ],
    });
    this.addCronJob({
      name: drillOf(spec.name),
      script: 'drill.sh',
      schedule: backups.drillSchedule,
      env: { PGDATABASE: database.name },
      volumes: [
        { name: 'backups', persistentVolumeClaim: { claimName: volume } },
        scratch('scratch', this.config.databases.storage),
      ],
      mounts: [
        { name: 'backups', mountPath: '/backups', readOnly: true },
        { name: 'scratch', mountPath: '/scratch' },
      ],
    });
  }

  private addCronJob(job: JobSpec): void {
    const component = componentOf(this.topology, job.name);
    const labels = componentLabels(this.config, component);
    new k8s.KubeServiceAccount(this, `${job.name}-account`, {
      metadata: { name: job.name, labels },
      automountServiceAccountToken: false,
    });
    new k8s.KubeCronJob(this, job.name, {
      metadata: { name: job.name, labels },
      spec: {
        schedule: job.schedule,
        timeZone: 'Etc/UTC',
        concurrencyPolicy: 'Forbid',
        startingDeadlineSeconds: DEADLINE_SECONDS,
        successfulJobsHistoryLimit: 1,
        failedJobsHistoryLimit: 2,
        jobTemplate: {
          spec: {
            backoffLimit: 2,
            activeDeadlineSeconds: DEADLINE_SECONDS,
            template: {
              metadata: { labels, annotations: { 'checksum/config': checksum(BACKUP_SCRIPTS) } },
              spec: this.podSpec(job),
            },
          },
        },
      },
    });
  }

  private podSpec(job: JobSpec): k8s.PodSpec {
    return {
      restartPolicy: 'Never',
      serviceAccountName: job.name,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      priorityClassName: priorityClass(this.config, 'batch'),
      securityContext: podSecurity(POSTGRES_USER_ID),
      containers: [
        {
          name: 'job',
          image: thirdPartyImage(this.config, 'postgres'),
          imagePullPolicy: 'IfNotPresent',
          command: ['bash', `/scripts/${job.script}`],
          env: Object.entries(job.env).map(([name, value]) => ({ name, value })),
          resources: resources(this.config, CPU, MEMORY),
          securityContext: containerSecurity,
          volumeMounts: [
            { name: 'scripts', mountPath: '/scripts', readOnly: true },
            { name: 'tmp', mountPath: '/tmp' },
            ...job.mounts,
          ],
        },
      ],
      volumes: [
        { name: 'scripts', configMap: { name: SCRIPTS_CONFIG } },
        scratch('tmp', '128Mi'),
        ...job.volumes,
      ],
    };
  }
}
