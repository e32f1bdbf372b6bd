/**
 * Writes imports/schemas/<Kind>.json, the strict schema of each custom resource the platform renders, from
 * the upstream bundles: `npm run schemas -- FOLDER` with the files named in charts/config/versions.ts, or
 * with cert-manager's definitions alone. It leaves out descriptions, which are most of the size and no rules.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';

const WANTED = [
  'Alertmanager',
  'AlertmanagerConfig',
  'PodMonitor',
  'Prometheus',
  'PrometheusRule',
  'ServiceMonitor',
  'Certificate',
  'Issuer',
];

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

interface Definition {
  readonly kind?: string;
  readonly spec?: {
    readonly names?: { readonly kind: string };
    readonly versions?: readonly {
      readonly storage: boolean;
      readonly schema: { readonly openAPIV3Schema: Json };
    }[];
  };
}

const isRule = (key: string, value: Json): boolean =>
  !(key === 'description' && typeof value === 'string') &&
  !key.startsWith('x-kubernetes-') &&
  !['format', 'default'].includes(key);

/** A structural schema as a strict JSON schema, which refuses undeclared fields. */
function strict(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  const result: Record<string, Json> = Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => isRule(key, value))
      .map(([key, value]) => [key, key === 'properties' ? properties(value) : strict(value)]),
  );
  // The pattern is for text, but a number is valid too.
  if ('x-kubernetes-int-or-string' in schema) delete result.pattern;
  return 'properties' in result ? { additionalProperties: false, ...result } : result;
}

function properties(value: Json): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, strict(schema)]));
}

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('usage: npm run schemas -- FOLDER_WITH_UPSTREAM_BUNDLES');
for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml')))
  for (const document of loadAll(readFileSync(`${folder}/${file}`, 'utf8')) as Definition[]) {
    const kind = document?.spec?.names?.kind;
    const version = document?.spec?.versions?.find(({ storage }) => storage);
    if (document?.kind !== 'CustomResourceDefinition' || !kind || !WANTED.includes(kind) || !version)
      continue;
    writeFileSync(
      `imports/schemas/${kind}.json`,
      `${JSON.stringify(strict(version.schema.openAPIV3Schema))}\n`,
    );
    console.info(`imports/schemas/${kind}.json from ${file}`);
  }
