/** Grafana: people change nothing in it, so it stores only who is logged in. */

import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { thirdPartyImage } from '../config/images.ts';
import { bytesOf } from '../config/quantity.ts';
import type { Config } from '../config/schema.ts';
import { addBase } from '../constructs/base.ts';
import { metadataOf, priorityClass } from '../constructs/names.ts';
import type { PlatformChartProps } from '../constructs/platform-chart.ts';
import { podSecurity, resources, scratch, secretVolume, spread, withoutGap } from '../constructs/pod.ts';
import { http } from '../constructs/probes.ts';
import { rememberFiles, unchangedFiles } from '../constructs/restart-on-change.ts';
import { podTemplate } from '../constructs/template.ts';
import { componentOf } from '../graph/build.ts';
import { type Component, GRAFANA, PORTS } from '../graph/model.ts';
import { dashboards } from './dashboards/all.ts';
import { renderDashboard } from './dashboards/render.ts';
import { grafanaFiles, SECRETS, TREE } from './grafana-files.ts';
import { addService } from './managed.ts';
import { GRAFANA_SECRET } from './secrets.ts';

/** The official image's user. */
const GRAFANA_USER = 472;
/** Share of the memory limit above which Go collects garbage more often. */
const SOFT_LIMIT = 0.8;
/** Writable folders: its database, its log, plug-ins it looks for, scratch space. */
const WRITABLE = { data: '/var/lib/grafana', log: '/var/log/grafana', tmp: '/tmp' } as const;

const configMapOf = (folder: string): string => `${GRAFANA}-dashboards-${folder.toLowerCase()}`;

/** Dashboards as files, by folder. */
function dashboardFiles(props: PlatformChartProps): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const folders = new Map<string, Record<string, string>>();
  for (const spec of dashboards(props)) {
    const files = folders.get(spec.folder) ?? {};
    files[`${spec.uid}.json`] = `${JSON.stringify(renderDashboard(spec), null, 1)}\n`;
    folders.set(spec.folder, files);
  }
  return folders;
}

/** The Secrets Grafana started with. */
const STATE = '/tmp/secrets.sum';
/** Grafana takes the password only for a new database. Nothing in the database outlives the pod anyway. */
const START = [rememberFiles(SECRETS, STATE), `rm -f ${WRITABLE.data}/grafana.db`, 'exec /run.sh'].join('\n');

export function addGrafana(scope: Construct, props: PlatformChartProps): void {
  const { config, topology } = props;
  const component = componentOf(topology, GRAFANA);
  const metadata = metadataOf(config, component);
  const files = grafanaFiles(config);
  const folders = dashboardFiles(props);
  const annotations = addBase(scope, config, component, files, Object.assign({}, ...folders.values()));
  for (const [folder, data] of folders)
    new k8s.KubeConfigMap(scope, configMapOf(folder), {
      metadata: { ...metadata, name: configMapOf(folder) },
      data,
    });
  new k8s.KubeDeployment(scope, 'grafana', {
    metadata,
    spec: {
      replicas: 1,
      revisionHistoryLimit: 5,
      selector: { matchLabels: { ...component.selector } },
      strategy: withoutGap,
      template: podTemplate({
        config,
        component,
        annotations,
        spec: podSpec(config, component, [...folders.keys()]),
      }),
    },
  });
  addService(scope, config, component);
}

function podSpec(config: Config, component: Component, folders: readonly string[]): k8s.PodSpec {
  const { cpu, memory } = config.monitoring.grafana;
  return {
    priorityClassName: priorityClass(config, 'standard'),
    terminationGracePeriodSeconds: 30,
    securityContext: podSecurity(GRAFANA_USER),
    ...spread({ ...component.selector }),
    containers: [
      {
        name: GRAFANA,
        image: thirdPartyImage(config, 'grafana'),
        command: ['sh', '-euc', START],
        env: [{ name: 'GOMEMLIMIT', value: String(Math.floor(bytesOf(memory.limit) * SOFT_LIMIT)) }],
        ports: component.ports.map(({ name, number }) => ({ name, containerPort: number })),
        resources: resources(config, cpu, memory),
        startupProbe: http('/api/health', 'http', { periodSeconds: 2, failureThreshold: 60 }),
        readinessProbe: http('/api/health', 'http', { periodSeconds: 10 }),
        livenessProbe: unchangedFiles(
          'sh',
          SECRETS,
          STATE,
          `wget -q -O /dev/null http://127.0.0.1:${PORTS.grafana}/api/health`,
        ),
        volumeMounts: [
          { name: 'config', mountPath: TREE.config, readOnly: true },
          ...folders.map((folder) => ({
            name: `dashboards-${folder.toLowerCase()}`,
            mountPath: `${TREE.dashboards}/${folder}`,
            readOnly: true,
          })),
          { name: 'secrets', mountPath: SECRETS, readOnly: true },
          ...Object.entries(WRITABLE).map(([name, mountPath]) => ({ name, mountPath })),
        ],
      },
    ],
    volumes: [
      {
        name: 'config',
        configMap: {
          name: GRAFANA,
          items: Object.keys(grafanaFiles(config)).map((key) => ({ key, path: TREE.pathOf(key) })),
        },
      },
      ...folders.map((folder) => ({
        name: `dashboards-${folder.toLowerCase()}`,
        configMap: { name: configMapOf(folder) },
      })),
      secretVolume(
        'secrets',
        GRAFANA_SECRET.keys.map((key) => ({ secret: GRAFANA_SECRET.name, key, path: key })),
      ),
      scratch('data', '256Mi'),
      scratch('log', '16Mi'),
      scratch('tmp', '64Mi'),
    ],
  };
}
