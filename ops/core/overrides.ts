/** Overrides of the configuration from the command line: `--values FILE` first, then each `--set PATH=VALUE`. */
import { load } from 'js-yaml';
import { z } from 'zod';
import { isObject } from '../../charts/config/values.ts';
import { EXTERNALS, SETTING_NAMES, type ServiceSpec } from '../../charts/graph/model.ts';
import { Failure, messageOf } from './failure.ts';

const allowance = z.strictObject({ request: z.string(), limit: z.string() });
const path = z.string();
const count = z.int().min(1);

const rules = z.array(
  z.strictObject({
    path,
    methods: z.array(z.string()).exactOptional(),
    roles: z.array(z.enum(['user', 'analyst', 'admin'])),
  }),
);

const serviceSpec: z.ZodType<ServiceSpec> = z.strictObject({
  name: z.string(),
  title: z.string(),
  runtime: z.enum(['deno', 'python']),
  port: z.int(),
  cpu: allowance,
  memory: allowance,
  image: z.string().exactOptional(),
  maxImageMB: count.exactOptional(),
  network: z.enum(['frontend', 'backend']).exactOptional(),
  database: z.strictObject({ name: z.string(), user: z.string() }).exactOptional(),
  route: z
    .strictObject({
      path,
      stripPrefix: z.boolean().exactOptional(),
      requestsPerMinute: count.exactOptional(),
      burst: count.exactOptional(),
      timeoutSeconds: count.exactOptional(),
      streams: z.boolean().exactOptional(),
    })
    .exactOptional(),
  pages: z.strictObject({ exact: z.array(path), prefixes: z.array(path), burst: count }).exactOptional(),
  gateway: z
    .strictObject({
      path,
      timeoutSeconds: count.exactOptional(),
      streams: z.boolean().exactOptional(),
      rules: rules.exactOptional(),
      rewrites: z
        .array(
          z.strictObject({
            from: path,
            to: path,
            rules: rules.exactOptional(),
            public: z.array(path).exactOptional(),
            requestsPerMinute: count.exactOptional(),
          }),
        )
        .exactOptional(),
      load: z.strictObject({ path, statuses: z.array(z.int()).exactOptional() }).exactOptional(),
    })
    .exactOptional(),
  calls: z.array(z.string()).exactOptional(),
  egress: z.array(z.enum(EXTERNALS)).exactOptional(),
  settings: z.array(z.enum(SETTING_NAMES)).exactOptional(),
  secrets: z
    .array(
      z.strictObject({
        name: z.string(),
        keys: z.array(z.string()),
        generated: z.boolean().exactOptional(),
        optional: z.boolean().exactOptional(),
        signsForGood: z.boolean().exactOptional(),
      }),
    )
    .exactOptional(),
});

/** @throws Failure naming the first field that is wrong. */
export function parseServices(exported: unknown, file: string): readonly ServiceSpec[] {
  const parsed = z.array(serviceSpec).min(1).safeParse(exported);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Failure(
    `--topology ${file}: SERVICES.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`,
    'expected a module that exports SERVICES as charts/topology.ts does',
  );
}

export type Override = Readonly<Record<string, unknown>>;

function parseYaml(text: string, source: string): unknown {
  try {
    return load(text);
  } catch (error) {
    throw new Failure(`${source}: not valid YAML: ${messageOf(error)}`, 'quote the value');
  }
}

/** `a.b=1` becomes `{ a: { b: 1 } }`; the value is a YAML scalar or flow list or mapping. */
export function parseSet(assignment: string): Override {
  const [, path = '', text = ''] = /^([\w-]+(?:\.[\w-]+)*)=(.*)$/s.exec(assignment) ?? [];
  if (!path)
    throw new Failure(`--set: "${assignment}" is not valid`, 'expected PATH=VALUE such as images.tag=1.2.3');
  const value = text === '' ? '' : parseYaml(text, `--set ${path}: "${text}"`);
  const [last = '', ...parents] = path.split('.').reverse();
  return parents.reduce<Override>((inner, key) => ({ [key]: inner }), { [last]: value });
}

/** The content of a values file. */
export function parseValues(text: string, file: string, option = '--values'): Override {
  const value = text.trim() === '' ? {} : parseYaml(text, `${option} ${file}`);
  if (!isObject(value))
    throw new Failure(`${option}: "${file}" holds no mapping`, 'expected fields of the configuration');
  return value;
}
