/** Grafana's configuration, and what it provisions: the data source and where dashboards lie. */

import type { Config } from '../config/schema.ts';
import { toYaml } from '../constructs/yaml.ts';
import { PORTS, PROMETHEUS } from '../graph/model.ts';
import { DATA_SOURCE } from './dashboards/render.ts';

export const SECRETS = '/run/secrets/grafana';

/** Folders of its files, and the path below them for each key of the ConfigMap. */
export const TREE = {
  config: '/etc/grafana',
  dashboards: '/etc/assistants-dashboards',
  pathOf: (key: string): string => PATHS[key] ?? key,
} as const;

const PATHS: Readonly<Record<string, string>> = {
  'datasources.yaml': 'provisioning/datasources/datasources.yaml',
  'dashboards.yaml': 'provisioning/dashboards/dashboards.yaml',
};

const HOME = `${TREE.dashboards}/Platform/assistants-overview.json`;

/** Every visitor needs a password; Grafana calls nothing on the internet and installs nothing. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>> = {
  server: { http_port: PORTS.grafana },
  security: {
    admin_user: 'admin',
    admin_password: `$__file{${SECRETS}/password}`,
    secret_key: `$__file{${SECRETS}/secret-key}`,
    cookie_samesite: 'strict',
    disable_gravatar: true,
  },
  users: { allow_sign_up: false, allow_org_create: false },
  'auth.anonymous': { enabled: false },
  analytics: {
    reporting_enabled: false,
    check_for_updates: false,
    check_for_plugin_updates: false,
    feedback_links_enabled: false,
  },
  snapshots: { external_enabled: false },
  plugins: { plugin_admin_enabled: false, preinstall_disabled: true },
  dashboards: { default_home_dashboard_path: HOME },
  metrics: { enabled: true },
  log: { mode: 'console' },
  'log.console': { format: 'json' },
};

const ini = Object.entries(SETTINGS)
  .map(
    ([section, fields]) =>
      `[${section}]\n${Object.entries(fields)
        .map(([name, value]) => `${name} = ${value}\n`)
        .join('')}`,
  )
  .join('\n');

const dataSources = ({ monitoring }: Config) => ({
  apiVersion: 1,
  prune: true,
  datasources: [
    {
      name: 'Prometheus',
      ...DATA_SOURCE,
      access: 'proxy',
      url: `http://${PROMETHEUS}:${PORTS.prometheus}`,
      isDefault: true,
      editable: false,
      jsonData: { httpMethod: 'POST', timeInterval: `${monitoring.scrapeSeconds}s` },
    },
  ],
});

const providers = {
  apiVersion: 1,
  providers: [
    {
      name: 'assistants',
      type: 'file',
      disableDeletion: true,
      allowUiUpdates: false,
      options: { path: TREE.dashboards, foldersFromFilesStructure: true },
    },
  ],
};

/** Content of Grafana's ConfigMap. */
export const grafanaFiles = (config: Config): Record<string, string> => ({
  'grafana.ini': ini,
  'datasources.yaml': toYaml(dataSources(config)),
  'dashboards.yaml': toYaml(providers),
});
