/** The types of the topology: what a service states, and the graph derived from it. */

/** Where a pod lives; each zone is a namespace with its own Pod Security level. */
export const ZONES = ['app', 'edge', 'monitoring', 'logging', 'node-agents'] as const;
export type Zone = (typeof ZONES)[number];

/** Destinations outside the cluster, by purpose; the addresses and ports behind them are configuration. */
export const EXTERNALS = [
  'model-providers',
  'onec-server',
  'smtp',
  'identity-provider',
  'webhook',
  'remote-write',
  'kubelet',
  'object-store',
  'kubernetes-api',
] as const;
export type External = (typeof EXTERNALS)[number];

/** The networks of the contract, which group components in diagrams and documents. */
export type Network = 'frontend' | 'backend' | 'monitoring';

/** Plain settings a service may ask for; their values are derived from the configuration. */
export const SETTING_NAMES = [
  'RATE_LIMIT',
  'UPLOAD_SECONDS',
  'CORS_ORIGINS',
  'CONSOLE_ENABLED',
  'GATEWAY_ROUTES',
  'AI_MODEL',
  'AI_FALLBACK_MODEL',
  'AI_ALLOWED_MODELS',
  'AI_MAX_OUTPUT_TOKENS',
  'OPENAI_BASE_URL',
  'ANTHROPIC_BASE_URL',
  'MODEL_SIMULATOR_URL',
  'ONEC_SERVER_URL',
  'ONEC_DENIED_NETWORKS',
  'ONEC_ALLOWED_HOSTS',
  'PUBLIC_URL',
  'OIDC_ISSUER',
  'OIDC_CLIENT_ID',
  'SMTP_HOST',
  'SMTP_PORT',
  'SMTP_FROM',
  'SMTP_SECURITY',
  'ALERT_EMAIL_TO',
  'SECURITY_LOG_LEVEL',
] as const;
export type SettingName = (typeof SETTING_NAMES)[number];

/** Seconds an answer may take where a route or the gateway says nothing else. */
export const DEFAULT_TIMEOUT_SECONDS = 30;

/** What is reserved (request) and allowed (limit), as Kubernetes quantities such as `250m` or `256Mi`. */
export interface Allowance {
  readonly request: string;
  readonly limit: string;
}

/** A route of the edge straight to a service. */
export interface RouteSpec {
  /** Path prefix, such as `/ai`. */
  readonly path: string;
  /** The service strips the prefix itself (`PATH_PREFIX`), so that no Ingress controller has to. @default true */
  readonly stripPrefix?: boolean;
  /** Requests a minute for one client address. @default the environment's rate limit */
  readonly requestsPerMinute?: number;
  /** Requests above that rate that may come at once. @default 10 */
  readonly burst?: number;
  /** Seconds until the service must begin its answer. @default 30 */
  readonly timeoutSeconds?: number;
  /** Answers are streams: bodies are not buffered at the edge, the service itself enforces the size. @default false */
  readonly streams?: boolean;
}

/** Pages for people, beside the services' routes; served while the console is on. */
export interface PagesSpec {
  /** Paths that are one page each, such as `/`. */
  readonly exact: readonly string[];
  /** Paths that include everything below them, such as `/assets`. */
  readonly prefixes: readonly string[];
  /** Requests above the environment's rate limit that may come at once: a page and its files. */
  readonly burst: number;
}

export type Role = 'user' | 'analyst' | 'admin';

/** Access rules below a route prefix, checked by the gateway. The services check again, in more detail. */
export interface RuleSpec {
  /** Below the prefix; `*` is one segment, `/**` at the end is everything below. */
  readonly path: string;
  /** @default every method */
  readonly methods?: readonly string[];
  readonly roles: readonly Role[];
}

/** A path prefix at the gateway, and what the gateway does with it. */
export interface RewriteSpec {
  readonly from: string;
  readonly to: string;
  /** The first matching rule decides; without one every logged-in user is allowed. @default [] */
  readonly rules?: readonly RuleSpec[];
  /** Paths below `from` that need no token. @default [] */
  readonly public?: readonly string[];
  /** Requests a minute for one client address. @default the environment's rate limit */
  readonly requestsPerMinute?: number;
}

/** How the gateway reaches a service. */
export interface GatewaySpec {
  /** Path prefix at the gateway, such as `/api/ai`. */
  readonly path: string;
  /** Seconds until the answer must begin; an answer that does not stream must end by then. @default 30 */
  readonly timeoutSeconds?: number;
  /** Answers may stream, for as long as a terminating pod may take. @default false */
  readonly streams?: boolean;
  /** Which roles may use which paths below `path`, when there are no `rewrites`. @default [] */
  readonly rules?: readonly RuleSpec[];
  /** First match wins. @default one rewrite that strips `path` */
  readonly rewrites?: readonly RewriteSpec[];
  /** The request of the load test. @default `/openapi.json` */
  readonly load?: LoadSpec;
}

/** A read whose cost is typical for the service. */
export interface LoadSpec {
  /** Path below the gateway; `{user}` is the id of the caller, an unregistered user. */
  readonly path: string;
  /** Accepted statuses. @default [200] */
  readonly statuses?: readonly number[];
}

/** A Secret whose keys the service reads as files of the same names. */
export interface SecretSpec {
  readonly name: string;
  readonly keys: readonly string[];
  /** The platform generates random values; otherwise a person provides them. @default false */
  readonly generated?: boolean;
  /** The service runs without it, with fewer functions. @default false */
  readonly optional?: boolean;
  /** Previous values are kept, because what they signed must stay valid. @default false */
  readonly signsForGood?: boolean;
}

/** A service of the platform: everything needed to run one. */
export interface ServiceSpec {
  /** Workload and Service name, a DNS-1035 label. */
  readonly name: string;
  readonly title: string;
  readonly runtime: 'deno' | 'python';
  /** The port on which it listens and others reach it. */
  readonly port: number;
  readonly cpu: Allowance;
  readonly memory: Allowance;
  /** Image name without registry and tag. @default name */
  readonly image?: string;
  /** Network of the contract it belongs to. @default backend */
  readonly network?: 'frontend' | 'backend';
  /** Its largest image, compressed as a registry shows it, in MB (10^6 bytes). @default none */
  readonly maxImageMB?: number;
  /** Its own PostgreSQL; the store, credentials, migrations and backups follow. @default none */
  readonly database?: { readonly name: string; readonly user: string };
  /** Edge route straight to it. @default none */
  readonly route?: RouteSpec;
  /** Pages it serves to browsers. @default none */
  readonly pages?: PagesSpec;
  /** Reached through the gateway; the call is derived. @default none */
  readonly gateway?: GatewaySpec;
  /** Services it calls. @default [] */
  readonly calls?: readonly string[];
  /** Destinations outside the cluster. @default [] */
  readonly egress?: readonly External[];
  /** Plain settings in addition to those every service gets. @default [] */
  readonly settings?: readonly SettingName[];
  /** Secrets in addition to those of its database, Redis and the JWT key. @default [] */
  readonly secrets?: readonly SecretSpec[];
}

/** Where a server answers that the platform does not run: ranges, and pods by namespace and labels. */
export interface Outside {
  readonly port: number;
  readonly cidrs: readonly string[];
  readonly pods: readonly { readonly namespace: string; readonly labels: Readonly<Record<string, string>> }[];
}

export interface Port {
  readonly name: string;
  readonly number: number;
  /** A server outside has this port; the component's pods only watch it. @default the pods have it */
  readonly outside?: Outside;
}

export type ComponentKind =
  | 'service'
  | 'postgres'
  | 'redis'
  | 'edge'
  | 'job'
  | 'monitor'
  | 'logging'
  | 'simulator';

/** A node of the graph: pods that share a name, a zone and ports. */
export interface Component {
  readonly name: string;
  readonly title: string;
  readonly kind: ComponentKind;
  readonly zone: Zone;
  readonly network: Network;
  readonly ports: readonly Port[];
  /** The port Prometheus scrapes at `/metrics`. @default none */
  readonly metricsPort?: string;
  /** Its metrics describe other pods, whose labels win over those of its own pod. @default false */
  readonly honorLabels?: boolean;
  /** Name of the workload that owns its pods. @default name */
  readonly workload?: string;
  /** Labels that select its pods. */
  readonly selector: Readonly<Record<string, string>>;
  /**
   * `always`: pods run all the time. `scheduled`: pods run from time to time. `reserved`: policies and scrape targets
   * exist; another chart or the operations command creates the pods. `operated`: pods run all the time; an operator
   * creates them.
   */
  readonly presence: 'always' | 'scheduled' | 'reserved' | 'operated';
  /** The service it is, or the service whose store it is. */
  readonly service?: ServiceSpec;
}

/** `from` may open connections to `port` of `to`. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** Name of a port of `to`. */
  readonly port: string;
}

/** `from` may open connections to a destination outside the cluster. */
export interface ExternalEdge {
  readonly from: string;
  readonly to: External;
}

export interface Topology {
  readonly services: readonly ServiceSpec[];
  readonly components: readonly Component[];
  readonly edges: readonly Edge[];
  readonly externalEdges: readonly ExternalEdge[];
}

export const GATEWAY = 'api-gateway';
export const REDIS = 'redis';
export const EDGE = 'traefik';
/** Answers ACME challenges; cert-manager creates its pods for a minute, one for each host. */
export const ACME_SOLVER = 'acme-solver';
export const PROMETHEUS = 'prometheus';
export const ALERTMANAGER = 'alertmanager';
export const NODE_EXPORTER = 'node-exporter';
export const KUBE_STATE_METRICS = 'kube-state-metrics';
export const GRAFANA = 'grafana';
export const ELASTICSEARCH = 'elasticsearch';
export const LOGSTASH = 'logstash';
export const KIBANA = 'kibana';
export const FILEBEAT = 'filebeat';
/** Configures Elasticsearch and Kibana. */
export const LOGGING_SETUP = 'logging-setup';
/** Logs people in, and publishes the keys its tokens are verified by. */
export const USER_MANAGEMENT = 'user-management';
/** Talks to 1C, or to the simulator in its place. */
export const ONEC_INTEGRATION = 'onec-integration';
export const SIMULATOR = 'onec-simulator';
/** Talks to model providers, or to the simulator in their place. */
export const AI_ASSISTANT = 'ai-assistant';
export const MODEL_SIMULATOR = 'model-simulator';

/** Ports of the parts that are not services. */
export const PORTS = {
  postgres: 5432,
  postgresMetrics: 9187,
  redis: 6379,
  redisMetrics: 9121,
  web: 8000,
  websecure: 8443,
  edgeMetrics: 9100,
  acmeSolver: 8089,
  prometheus: 9090,
  alertmanager: 9093,
  nodeExporter: 9100,
  kubeStateMetrics: 8080,
  grafana: 3000,
  simulator: 8010,
  modelSimulator: 8020,
  elasticsearch: 9200,
  beats: 5044,
  kibana: 5601,
} as const;

/** Whether the component is a server outside, which only an exporter of ours watches. */
export const isOutside = ({ ports }: Pick<Component, 'ports'>): boolean =>
  ports.some(({ outside }) => outside !== undefined);
/** Whether the edge leads to the service. */
export const isEntered = ({ route, pages }: ServiceSpec): boolean =>
  route !== undefined || pages !== undefined;
/** Labels that select the pods of a component. */
export const labelOf = (name: string): Readonly<Record<string, string>> => ({
  'app.kubernetes.io/name': name,
});
/** Name of the headless Service that lists a service's pods, so that the gateway can balance over them. */
export const podsOf = (service: string): string => `${service}-pods`;
/** Name of the store of a service's database. */
export const postgresOf = (service: string): string => `postgres-${service}`;
/** Name of the job that migrates a service's database before a release is rolled out. */
export const migrateOf = (service: string): string => `migrate-${service}`;
/** Sends one read to every service, on request. */
export const LOAD_TEST = 'load-test';
/** Name of the test of a service's database. */
export const databaseTestOf = (service: string): string => `database-test-${service}`;
/** Name of the nightly backup of a service's database. */
export const backupOf = (service: string): string => `backup-${service}`;
/** Name of the weekly restore drill of a service's database. */
export const drillOf = (service: string): string => `restore-drill-${service}`;
/** Name of the Job that restores a service's database; `./platform restore` starts it. */
export const restoreOf = (service: string): string => `restore-${service}`;
