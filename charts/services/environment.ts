/** Environment variables of a service, derived from the graph and the configuration. Secrets are never among them. */
import type { k8s } from 'cdk8s-plus-28';
import { type Config, SPARE_SECONDS } from '../config/schema.ts';
import { SECRETS_DIR } from '../constructs/pod.ts';
import { databaseOf, postgresHost } from '../data/database.ts';
import {
  DEFAULT_TIMEOUT_SECONDS,
  PORTS,
  REDIS,
  type ServiceSpec,
  type SettingName,
  type Topology,
} from '../graph/model.ts';

/** `ai-assistant` → `AI_ASSISTANT_URL`. */
const urlVariable = (service: string): string => `${service.toUpperCase().replaceAll('-', '_')}_URL`;

/** The gateway's routing table: prefix, upstream and rewrite, most specific prefix first. */
export function gatewayRoutes(topology: Topology): readonly Readonly<Record<string, unknown>>[] {
  return topology.services
    .flatMap(({ name, port, gateway }) =>
      (gateway?.rewrites ?? (gateway ? [{ from: gateway.path, to: '' }] : [])).map((rewrite) => ({
        prefix: rewrite.from,
        upstream: `http://${name}:${port}`,
        service: name,
        rewrite: rewrite.to,
        timeoutMs: (gateway?.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
        public: rewrite.public ?? [],
        ...(rewrite.requestsPerMinute ? { requestsPerMinute: rewrite.requestsPerMinute } : {}),
      })),
    )
    .sort((a, b) => b.prefix.length - a.prefix.length || a.prefix.localeCompare(b.prefix));
}

/** Seconds a service may take to finish what is open after its drain: it ends by itself before it is killed. */
const shutdownSeconds = (config: Config): number =>
  config.terminationSeconds - config.drainSeconds - SPARE_SECONDS;

function settingValue(config: Config, topology: Topology, name: SettingName): string {
  const { settings } = config;
  switch (name) {
    case 'RATE_LIMIT':
      return String(settings.rateLimit);
    case 'CORS_ORIGINS':
      // Our own edge answers for CORS; behind an external controller the gateway does.
      return config.edge.controller === 'traefik' ? '' : settings.corsOrigins.join(',');
    case 'GATEWAY_ROUTES':
      return JSON.stringify(gatewayRoutes(topology));
    case 'AI_MODEL':
      return settings.aiModel;
    case 'ONEC_SERVER_URL':
      return settings.onecServerUrl;
    case 'SMTP_HOST':
      return settings.smtpHost;
    case 'SMTP_PORT':
      return String(settings.smtpPort);
    case 'SECURITY_LOG_LEVEL':
      return settings.securityLogLevel;
  }
}

function callTargets(topology: Topology, spec: ServiceSpec): readonly ServiceSpec[] {
  return topology.services.filter((other) => spec.calls?.includes(other.name));
}

/** All of a service's environment, in a stable order. */
export function serviceEnvironment(config: Config, topology: Topology, spec: ServiceSpec): k8s.EnvVar[] {
  const { settings } = config;
  const database = spec.database ? databaseOf(config, spec.database) : undefined;
  const variables: Record<string, string> = {
    ENV: config.environment,
    LOG_LEVEL: config.logLevel,
    DEBUG: String(config.debug),
    PORT: String(spec.port),
    SERVICE_VERSION: config.images.tag,
    SECRETS_DIR,
    DRAIN_SECONDS: String(config.drainSeconds),
    SHUTDOWN_TIMEOUT_SECONDS: String(shutdownSeconds(config)),
    JWT_ALGORITHM: settings.jwtAlgorithm,
    JWT_EXPIRE_MINUTES: String(settings.jwtExpireMinutes),
    REDIS_HOST: REDIS,
    REDIS_PORT: String(PORTS.redis),
    ...(database
      ? {
          POSTGRES_HOST: postgresHost(config, spec.name),
          POSTGRES_PORT: String(PORTS.postgres),
          POSTGRES_DB: database.name,
          POSTGRES_USER: database.user,
        }
      : {}),
    ...Object.fromEntries(
      callTargets(topology, spec).map(({ name, port }) => [urlVariable(name), `http://${name}:${port}`]),
    ),
    ...Object.fromEntries((spec.settings ?? []).map((name) => [name, settingValue(config, topology, name)])),
  };
  return Object.entries(variables).map(([name, value]) => ({ name, value }));
}
