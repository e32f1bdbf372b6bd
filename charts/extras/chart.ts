/** Load test and database tests: suspended CronJobs, so that a Job is made from them when somebody asks for one. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { thirdPartyImage } from '../config/images.ts';
import type { ImageName } from '../config/versions.ts';
import { checksum } from '../constructs/checksum.ts';
import { componentLabels, priorityClass } from '../constructs/names.ts';
import {
  APP_USER,
  containerSecurity,
  podSecurity,
  resources,
  SECRETS_DIR,
  scratch,
  secretVolume,
} from '../constructs/pod.ts';
import { PlatformChart, type PlatformChartProps } from '../constructs/scope.ts';
import { appSecret, databaseOf, postgresHost } from '../data/database.ts';
import { POSTGRES_USER_ID } from '../data/postgres.ts';
import { componentOf } from '../graph/build.ts';
import { type Allowance, databaseTestOf, LOAD_TEST, PORTS, type ServiceSpec } from '../graph/model.ts';
import { JWT_SECRET } from '../secrets/names.ts';
import { DATABASE_SCRIPTS } from './database-script.ts';
import { LOAD_SCRIPT, loadPlan } from './load-script.ts';

const LOAD_CONFIG = 'load-test';
const DATABASE_CONFIG = 'database-test';
/** The longest load test lasts ten minutes. */
const DEADLINE_SECONDS = 900;
/** The middle of nowhere: it never comes, but a CronJob needs one. */
const NEVER = '0 0 1 1 *';

interface JobSpec {
  readonly name: string;
  readonly image: ImageName;
  readonly user: number;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly scripts: { readonly config: string; readonly files: Readonly<Record<string, string>> };
  readonly secrets: { readonly volume: k8s.Volume; readonly mountPath: string };
  readonly cpu: Allowance;
  readonly memory: Allowance;
}

export class Extras extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'app');
    const { loadTest, databaseTest } = this.config.extras;
    if (loadTest.enabled) this.addLoadTest();
    if (!databaseTest.enabled) return;
    this.addScripts(DATABASE_CONFIG, DATABASE_SCRIPTS);
    for (const spec of props.topology.services) if (spec.database) this.addDatabaseTest(spec, spec.database);
  }

  private addLoadTest(): void {
    const { vus, durationSeconds } = this.config.extras.loadTest;
    const plan = JSON.stringify(loadPlan(this.config, this.topology), null, 2);
    const files = { 'load-test.js': LOAD_SCRIPT, 'plan.json': plan };
    this.addScripts(LOAD_CONFIG, files);
    this.addJob({
      name: LOAD_TEST,
      image: 'k6',
      user: APP_USER,
      command: ['k6', 'run', '--quiet', '--no-color', '/scripts/load-test.js'],
      env: {
        VUS: String(vus),
        DURATION_SECONDS: String(durationSeconds),
        HOME: '/tmp',
        K6_NO_USAGE_REPORT: 'true',
      },
      scripts: { config: LOAD_CONFIG, files },
      secrets: {
        volume: secretVolume('secrets', [
          { secret: JWT_SECRET, key: 'JWT_SECRET_KEY', path: 'JWT_SECRET_KEY' },
        ]),
        mountPath: SECRETS_DIR,
      },
      cpu: { request: '250m', limit: '1' },
      memory: { request: '128Mi', limit: '512Mi' },
    });
  }

  private addDatabaseTest(spec: ServiceSpec, base: { readonly name: string; readonly user: string }): void {
    const database = databaseOf(this.config, base);
    this.addJob({
      name: databaseTestOf(spec.name),
      image: 'postgres',
      user: POSTGRES_USER_ID,
      command: ['bash', '/scripts/test.sh'],
      env: {
        PGHOST: postgresHost(this.config, spec.name),
        PGPORT: String(PORTS.postgres),
        PGDATABASE: database.name,
        PGUSER: database.user,
        ROWS: String(this.config.extras.databaseTest.rows),
      },
      scripts: { config: DATABASE_CONFIG, files: DATABASE_SCRIPTS },
      secrets: {
        volume: secretVolume('secrets', [
          { secret: appSecret(spec.name), key: 'password', path: 'password' },
        ]),
        mountPath: '/run/secrets/database',
      },
      cpu: { request: '50m', limit: '500m' },
      memory: { request: '32Mi', limit: '128Mi' },
    });
  }

  private addScripts(name: string, data: Readonly<Record<string, string>>): void {
    new k8s.KubeConfigMap(this, `${name}-scripts`, { metadata: { name }, data: { ...data } });
  }

  private addJob(job: JobSpec): void {
    const labels = componentLabels(this.config, componentOf(this.topology, job.name));
    new k8s.KubeServiceAccount(this, `${job.name}-account`, {
      metadata: { name: job.name, labels },
      automountServiceAccountToken: false,
    });
    new k8s.KubeCronJob(this, job.name, {
      metadata: { name: job.name, labels },
      spec: {
        suspend: true,
        schedule: NEVER,
        timeZone: 'Etc/UTC',
        concurrencyPolicy: 'Forbid',
        jobTemplate: {
          spec: {
            backoffLimit: 0,
            activeDeadlineSeconds: DEADLINE_SECONDS,
            template: {
              metadata: { labels, annotations: { 'checksum/config': checksum(job.scripts.files) } },
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
      securityContext: podSecurity(job.user),
      containers: [
        {
          name: 'job',
          image: thirdPartyImage(this.config, job.image),
          imagePullPolicy: 'IfNotPresent',
          command: [...job.command],
          env: Object.entries(job.env).map(([name, value]) => ({ name, value })),
          resources: resources(this.config, job.cpu, job.memory),
          securityContext: containerSecurity,
          volumeMounts: [
            { name: 'scripts', mountPath: '/scripts', readOnly: true },
            { name: 'secrets', mountPath: job.secrets.mountPath, readOnly: true },
            { name: 'tmp', mountPath: '/tmp' },
          ],
        },
      ],
      volumes: [
        { name: 'scripts', configMap: { name: job.scripts.config } },
        job.secrets.volume,
        scratch('tmp', '64Mi'),
      ],
    };
  }
}
