/** Settings of the services by variable name, checked against services/settings.json. */
import { readFileSync } from 'node:fs';
import type { k8s } from 'cdk8s-plus-28';
import { z } from 'zod';
import { ConfigError } from '../graph/error.ts';
import type { ServiceSpec } from '../graph/model.ts';
import type { Config } from './schema.ts';
import { didYouMean } from './suggest.ts';

type Setting = z.core.JSONSchema.JSONSchema;
const SETTINGS = z
  .record(z.string(), z.record(z.string(), z.custom<Setting>()))
  .parse(JSON.parse(readFileSync(new URL('../../services/settings.json', import.meta.url), 'utf8')));

/** Variables the platform derives for one service: the service's own settings may replace them. */
const OWN_CHOICE = [
  'AI_MODEL',
  'AI_FALLBACK_MODEL',
  'AI_ALLOWED_MODELS',
  'AI_MAX_OUTPUT_TOKENS',
  'ALERT_EMAIL_TO',
  'SECURITY_LOG_LEVEL',
  'LOG_LEVEL',
  'ONEC_CA_FILE',
  'DEBUG',
];

type Value = string | number | boolean;
type Variables = Readonly<Record<string, string>>;

/** Value of a service's setting: the configured one, or the service's default. */
export const settingOf = (config: Config, service: string, name: string): unknown =>
  config.services[service]?.settings[name] ?? SETTINGS[service]?.[name]?.default;

/** Configured settings of a service, as variables. @throws ConfigError for those the service refuses. */
export function chosenSettings(
  spec: ServiceSpec,
  chosen: Readonly<Record<string, Value>>,
  own: Variables,
): Variables {
  // services/settings.json does not describe the services of another topology.
  const known = SETTINGS[spec.name];
  for (const [name, value] of Object.entries(chosen)) {
    const field = `services.${spec.name}.settings.${name}`;
    const reason = OWN_CHOICE.includes(name) ? undefined : refusal(name, spec, own);
    if (reason) throw new ConfigError(field, value, reason);
    if (known) checkSetting(field, name, value, known);
  }
  return Object.fromEntries(Object.entries(chosen).map(([name, value]) => [name, String(value)]));
}

function checkSetting(
  field: string,
  name: string,
  value: Value,
  known: Readonly<Record<string, Setting>>,
): void {
  const schema = known[name];
  if (!schema)
    throw new ConfigError(field, value, `a setting of the service${didYouMean(name, Object.keys(known))}`);
  // Lists and mappings are one line of text, as in a variable, so the schema cannot check them.
  if (!['integer', 'number', 'boolean', 'string'].includes(String(schema.type))) return;
  const parsed = z.fromJSONSchema(schema).safeParse(value);
  if (!parsed.success)
    throw new ConfigError(field, value, parsed.error.issues[0]?.message ?? 'another value');
}

const comesFromSecret = (name: string, { secrets = [] }: ServiceSpec): boolean =>
  /^(POSTGRES|REDIS)_PASSWORD$|^JWT_(SECRET|PRIVATE)_KEY$/.test(name) ||
  secrets.some(({ keys }) => keys.includes(name));

/** Why the configuration may not set a variable; undefined for one it may set. */
function refusal(name: string, spec: ServiceSpec, own: Variables): string | undefined {
  if (name in own) return 'nothing: the platform sets this variable itself';
  return comesFromSecret(name, spec) ? 'nothing: it comes from a Secret' : undefined;
}

/** @throws ConfigError for a variable the platform sets, and for one of the service's settings or Secrets. */
export function checkExtraEnv(spec: ServiceSpec, extra: readonly k8s.EnvVar[], own: Variables): void {
  for (const { name, value } of extra) {
    const elsewhere =
      name in (SETTINGS[spec.name] ?? {}) && `services.${spec.name}.settings.${name} in its place`;
    const reason = refusal(name, spec, own) ?? elsewhere;
    if (reason) throw new ConfigError(`extraEnv.${name} of ${spec.name}`, value, reason);
  }
}
