/** Environment variables of a service, derived from the graph and the configuration. Secrets are never among them. */
import type { k8s } from 'cdk8s-plus-28';
import { serviceGrace, streamSeconds, uploadSeconds } from '../config/grace.ts';
import { listenAddress } from '../config/network.ts';
import { podSettings } from '../config/pods.ts';
import type { Config } from '../config/schema.ts';
import { checkExtraEnv, chosenSettings } from '../config/service-settings.ts';
import { signsWithOwnKey } from '../config/tokens.ts';
import { CA_BUNDLE, proxyVariables, trusts } from '../constructs/outside.ts';
import { SECRETS_DIR } from '../constructs/pod.ts';
import { storeVariables } from '../data/database.ts';
import { corsOrigins, publicUrl } from '../edge/names.ts';
import { componentOf, portOf } from '../graph/build.ts';
import {
  type Component,
  DEFAULT_TIMEOUT_SECONDS,
  ONEC_INTEGRATION,
  podsOf,
  type RewriteSpec,
  type ServiceSpec,
  type SettingName,
  SIMULATOR,
  type Topology,
  USER_MANAGEMENT,
} from '../graph/model.ts';
import { modelSimulatorUrl, onecServerUrl, simulatorRuns } from '../simulator/simulator.ts';

/** `ai-assistant` → `AI_ASSISTANT_URL`. */
const urlVariable = (service: string): string => `${service.toUpperCase().replaceAll('-', '_')}_URL`;

function rewritesOf({ gateway }: ServiceSpec): readonly RewriteSpec[] {
  if (!gateway) return [];
  return gateway.rewrites ?? [{ from: gateway.path, to: '', rules: gateway.rules ?? [] }];
}

function gatewayRoute(config: Config, spec: ServiceSpec, rewrite: RewriteSpec) {
  const { name, port, gateway } = spec;
  const seconds = gateway?.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  return {
    prefix: rewrite.from,
    service: name,
    upstream: `http://${name}:${port}`,
    endpoints: `${podsOf(name)}:${port}`,
    rewrite: rewrite.to,
    timeoutMs: seconds * 1000,
    ...(gateway?.streams ? { deadlineMs: streamSeconds(config) * 1000 } : {}),
    public: rewrite.public ?? [],
    ...(rewrite.requestsPerMinute ? { requestsPerMinute: rewrite.requestsPerMinute } : {}),
    ...(rewrite.rules?.length ? { rules: rewrite.rules } : {}),
  };
}

/** The gateway's routing table (services/api-gateway/src/routes.ts), most specific prefix first. */
export function gatewayRoutes(
  config: Config,
  topology: Topology,
): readonly ReturnType<typeof gatewayRoute>[] {
  return topology.services
    .flatMap((spec) => rewritesOf(spec).map((rewrite) => gatewayRoute(config, spec, rewrite)))
    .sort((a, b) => b.prefix.length - a.prefix.length || a.prefix.localeCompare(b.prefix));
}

/** Values of the settings a service may ask for. */
const SETTINGS: Readonly<Record<SettingName, (config: Config, topology: Topology) => string>> = {
  RATE_LIMIT: ({ settings }) => String(settings.rateLimit),
  UPLOAD_SECONDS: (config) => String(uploadSeconds(config)),
  // The platform's own edge answers for CORS; behind an external controller the gateway does.
  CORS_ORIGINS: (config) => (config.edge.controller === 'traefik' ? '' : corsOrigins(config).join(',')),
  CONSOLE_ENABLED: ({ console }) => (console.enabled ? 'true' : ''),
  GATEWAY_ROUTES: (config, topology) => JSON.stringify(gatewayRoutes(config, topology)),
  AI_MODEL: ({ settings }) => settings.aiModel,
  AI_FALLBACK_MODEL: ({ settings }) => settings.aiFallbackModel,
  AI_ALLOWED_MODELS: ({ settings }) => settings.aiAllowedModels,
  AI_MAX_OUTPUT_TOKENS: ({ settings }) => String(settings.aiMaxOutputTokens ?? ''),
  OPENAI_BASE_URL: ({ settings }) => settings.openaiBaseUrl,
  ANTHROPIC_BASE_URL: ({ settings }) => settings.anthropicBaseUrl,
  MODEL_SIMULATOR_URL: modelSimulatorUrl,
  ONEC_SERVER_URL: onecServerUrl,
  ONEC_DENIED_NETWORKS: ({ settings }) => settings.onecDeniedNetworks.join(','),
  ONEC_ALLOWED_HOSTS: (config) => (simulatorRuns(config) ? SIMULATOR : ''),
  PUBLIC_URL: publicUrl,
  OIDC_ISSUER: ({ settings }) => settings.oidcIssuer,
  OIDC_CLIENT_ID: ({ settings }) => settings.oidcClientId,
  SMTP_HOST: ({ settings }) => settings.smtpHost,
  SMTP_PORT: ({ settings }) => String(settings.smtpPort),
  SMTP_FROM: ({ settings }) => settings.smtpFrom,
  SMTP_SECURITY: ({ settings }) => settings.smtpSecurity,
  ALERT_EMAIL_TO: ({ settings }) => settings.alertEmailTo,
  SECURITY_LOG_LEVEL: ({ settings }) => settings.securityLogLevel,
};

/** Address of the keys that verify tokens; empty with a shared key. */
function keySetUrl(config: Config, topology: Topology): string {
  if (!signsWithOwnKey(config)) return '';
  const port = portOf(componentOf(topology, USER_MANAGEMENT), 'http');
  return `http://${USER_MANAGEMENT}:${port}/.well-known/jwks.json`;
}

function callTargets(topology: Topology, spec: ServiceSpec): readonly ServiceSpec[] {
  return topology.services.filter((other) => spec.calls?.includes(other.name));
}

/** Variables the platform gives a service; empty ones are left out. */
export function platformVariables(
  config: Config,
  topology: Topology,
  spec: ServiceSpec,
): Readonly<Record<string, string>> {
  const { settings } = config;
  const { drain, finish } = serviceGrace(config, spec);
  return {
    ENV: config.environment,
    ENV_TIER: config.tier,
    LOG_LEVEL: config.logLevel,
    DEBUG: String(config.debug),
    // By default services listen on IPv4 only.
    HOST: config.ipFamilies.includes('IPv6') ? listenAddress(config) : '',
    PORT: String(spec.port),
    SERVICE_VERSION: config.images.tag,
    SECRETS_DIR,
    DRAIN_SECONDS: String(drain),
    SHUTDOWN_TIMEOUT_SECONDS: String(finish),
    PATH_PREFIX: spec.route && spec.route.stripPrefix !== false ? spec.route.path : '',
    TRUSTED_PROXIES: config.edge.trustedProxies.join(','),
    PROXY_DEPTH: String(config.edge.proxyDepth ?? ''),
    JWT_ALGORITHM: settings.jwtAlgorithm,
    JWT_EXPIRE_MINUTES: String(settings.jwtExpireMinutes),
    JWT_JWKS_URL: keySetUrl(config, topology),
    ...(spec.egress?.length ? proxyVariables(config, topology.components) : {}),
    // onec-integration reads 1C's authority from this file: its client reads no environment variables.
    ...(spec.name === ONEC_INTEGRATION ? { ONEC_CA_FILE: trusts(config) ? CA_BUNDLE : '' } : {}),
    ...storeVariables(config, spec),
    ...(spec.database
      ? {
          DATABASE_POOL_SIZE: String(config.databases.pool.size),
          DATABASE_MAX_OVERFLOW: String(config.databases.pool.overflow),
        }
      : {}),
    ...Object.fromEntries(
      callTargets(topology, spec).map(({ name, port }) => [urlVariable(name), `http://${name}:${port}`]),
    ),
    ...Object.fromEntries((spec.settings ?? []).map((name) => [name, SETTINGS[name](config, topology)])),
  };
}

/** All of a service's environment, in a stable order. @throws ConfigError for a variable that may not be set here. */
export function serviceEnvironment(
  config: Config,
  topology: Topology,
  component: Component,
  spec: ServiceSpec,
): k8s.EnvVar[] {
  const own = platformVariables(config, topology, spec);
  const { settings: names = {} } = config.services[spec.name] ?? {};
  const variables = { ...own, ...chosenSettings(spec, names, own) };
  const { extraEnv = [] } = podSettings(config, component);
  checkExtraEnv(spec, extraEnv, own);
  // Unset variables are left out, so that the services' own defaults apply.
  return [
    ...Object.entries(variables).flatMap(([name, value]) => (value === '' ? [] : [{ name, value }])),
    ...extraEnv,
  ];
}
