/** Load test and database tests as suspended CronJobs: the operations command creates Jobs from them. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { PlatformChart, type PlatformChartProps } from '../constructs/platform-chart.ts';
import { APP_USER, SECRETS_DIR, scratch, secretVolume } from '../constructs/pod.ts';
import { ScriptJob, type ScriptJobProps } from '../constructs/script-job.ts';
import { JWT_SECRET } from '../constructs/secret-names.ts';
import { appSecret, databaseOf, libpqVariables, postgresCa } from '../data/database.ts';
import { POSTGRES_USER_ID } from '../data/postgres.ts';
import { componentOf } from '../graph/build.ts';
import { databaseTestOf, LOAD_TEST, type ServiceSpec } from '../graph/model.ts';
import { DATABASE_SCRIPTS } from './database-script.ts';
import { LOAD_SCRIPT, loadPlan } from './load-script.ts';

const LOAD_CONFIG = 'load-test';
const DATABASE_CONFIG = 'database-test';
const DATABASE_SECRETS = '/run/secrets/database';
/** The longest load test lasts ten minutes. */
const DEADLINE_SECONDS = 900;

interface JobSpec
  extends Pick<ScriptJobProps, 'image' | 'user' | 'command' | 'env' | 'scripts' | 'cpu' | 'memory'> {
  readonly name: string;
  readonly secrets: { readonly volume: k8s.Volume; readonly mountPath: string };
}

export class Extras extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'app');
    const { loadTest, databaseTest } = this.config.extras;
    if (loadTest.enabled) this.addLoadTest();
    if (!databaseTest.enabled) return;
    this.addScripts(DATABASE_CONFIG, DATABASE_SCRIPTS);
    for (const spec of props.topology.services) if (spec.database) this.addDatabaseTest(spec);
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

  private addDatabaseTest(spec: ServiceSpec): void {
    this.addJob({
      name: databaseTestOf(spec.name),
      image: 'postgres',
      user: POSTGRES_USER_ID,
      command: ['bash', '/scripts/test.sh'],
      env: {
        ...libpqVariables(this.config, spec, DATABASE_SECRETS),
        PGUSER: databaseOf(this.config, spec).user,
        ROWS: String(this.config.extras.databaseTest.rows),
      },
      scripts: { config: DATABASE_CONFIG, files: DATABASE_SCRIPTS },
      secrets: {
        volume: secretVolume('secrets', [
          { secret: appSecret(spec.name), key: 'password', path: 'password' },
          ...postgresCa(this.config, spec.name),
        ]),
        mountPath: DATABASE_SECRETS,
      },
      cpu: { request: '50m', limit: '500m' },
      memory: { request: '32Mi', limit: '128Mi' },
    });
  }

  private addScripts(name: string, data: Readonly<Record<string, string>>): void {
    new k8s.KubeConfigMap(this, `${name}-scripts`, { metadata: { name }, data: { ...data } });
  }

  private addJob({ name, secrets, ...job }: JobSpec): void {
    new ScriptJob(this, name, {
      ...job,
      config: this.config,
      component: componentOf(this.topology, name),
      // A CronJob that a person resumes must not make up for the runs it missed.
      limits: { startingDeadlineSeconds: DEADLINE_SECONDS },
      backoffLimit: 0,
      deadlineSeconds: DEADLINE_SECONDS,
      mounts: [
        { name: 'secrets', mountPath: secrets.mountPath, readOnly: true },
        { name: 'tmp', mountPath: '/tmp' },
      ],
      volumes: [secrets.volume, scratch('tmp', '64Mi')],
    });
  }
}
