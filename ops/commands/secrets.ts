import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { type Command, Option } from 'commander';
import type { SecretEntry } from '../../charts/constructs/secret-entry.ts';
import { secretCatalog } from '../../charts/secrets/catalog.ts';
import { Failure } from '../core/failure.ts';
import {
  FORMATS,
  parseProvided,
  type SecretRow,
  secretRows,
  secretTemplates,
  type TemplateFormat,
} from '../core/secret-documents.ts';
import { entriesNamed } from '../core/secret-rotation.ts';
import { type NewSecret, type SecretPlan, secretProblems } from '../core/secrets.ts';
import { withLock } from '../steps/lock.ts';
import { lockNamespace } from '../steps/release.ts';
import { rotate } from '../steps/rotation.ts';
import { existingSecrets, makeSecrets, type Provided, secretPlan, secretValues } from '../steps/secrets.ts';
import type { LivePlatform } from '../steps/target.ts';
import { interrupted } from '../tools/interrupt.ts';
import { type ConfirmOptions, confirm } from './confirm.ts';
import {
  confirmation,
  type DeploymentOptions,
  liveFrom,
  readText,
  type Setup,
  seconds,
  setupOf,
  verb,
  wantedObjects,
  withDeployment,
} from './options.ts';
import { json, line, table } from './print.ts';
import { showing } from './progress.ts';

interface Options extends DeploymentOptions, ConfirmOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly fromFile?: string;
  readonly cluster: boolean;
  readonly format: TemplateFormat;
  readonly store: string;
  readonly finish?: boolean;
  readonly timeout: number;
}

const part = (name: string, description: string, example: string): Command =>
  withDeployment(verb(name, description, `./platform secrets ${example}`));

const fromFile = (): Option =>
  new Option(
    '--from-file <file>',
    'values that are yours: lines of KEY=value, or YAML; before the environment',
  );

const setup = (environment: string, options: Options): Promise<Setup> =>
  setupOf({ ...options, env: environment });

const liveOf = async (environment: string, options: Options): Promise<LivePlatform> =>
  liveFrom(await setup(environment, options), { ...options, env: environment });

const catalogOf = ({ config, topology }: Setup): readonly SecretEntry[] => secretCatalog(config, topology);

const list = part(
  'list',
  'which Secrets there must be, who needs them, and what is there; names only',
  'list production --context production',
)
  .option('--no-cluster', 'only what must be there')
  .option('--json', 'print the rows as JSON')
  .action(async (environment: string, options: Options) => {
    const asked = await setup(environment, options);
    const wanted = wantedObjects(asked);
    const existing = options.cluster
      ? await existingSecrets((await liveFrom(asked, { ...options, env: environment })).kubectl)
      : undefined;
    const rows = secretRows(catalogOf(asked), wanted, existing);
    if (options.json) return json(rows);
    table(
      ['namespace', 'secret', 'keys', 'from', 'needed by', ...(existing ? ['state'] : [])],
      rows.map(cells),
    );
  });

function cells({ namespace, name, keys, source, optional, neededBy, state, missingKeys }: SecretRow) {
  const found = state === 'incomplete' ? `lacks ${missingKeys.join(' ')}` : state;
  return [
    namespace,
    name,
    keys.join(' '),
    `${source}${optional ? ', optional' : ''}`,
    neededBy.join(' '),
    ...(found === undefined ? [] : [found]),
  ];
}

const create = part(
  'create',
  'make the namespaces and the Secrets that are missing: random values, keys, certificates, and what you provide',
  'create production --context production --from-file ../secrets.env',
)
  .addOption(fromFile())
  .option('--dry-run', 'only say what would be made')
  .action(async (environment: string, options: Options) => {
    const live = await liveOf(environment, options);
    refuseStore(live);
    const provided = await providedFor(live, options);
    const plan = await secretPlan(live, provided);
    const all = [...plan.create, ...plan.extend];
    if (all.length > 0) table(['namespace', 'secret', 'keys', ''], planned(plan));
    if (options.dryRun) return line(`${all.length} Secrets would be made or completed (--dry-run).`);
    const namespaces = wantedObjects(live).filter(({ kind }) => kind === 'Namespace');
    await live.kubectl.apply(namespaces);
    line(`${await makeSecrets(live.kubectl, plan)} Secrets made or completed.`);
  });

const planned = ({ create: made, extend }: SecretPlan): readonly (readonly string[])[] => {
  const row = (what: string) => (one: NewSecret) => [
    one.entry.namespace,
    one.entry.name,
    Object.keys(one.data).join(' '),
    what,
  ];
  return [...made.map(row('new')), ...extend.map(row('completed'))];
};

const check = part(
  'check',
  'look whether every Secret is there and well formed; exit status 1 when one is not',
  'check production --context production',
)
  .option('--json', 'print the problems as JSON')
  .action(async (environment: string, options: Options) => {
    const live = await liveOf(environment, options);
    const catalog = catalogOf(live);
    const problems = secretProblems(catalog, await secretValues(live.kubectl, catalog), new Date());
    if (options.json) json(problems);
    else if (problems.length === 0) line(`${catalog.length} Secrets looked at: nothing is wrong.`);
    else for (const problem of problems) line(problem);
    if (problems.length > 0) process.exitCode = 1;
  });

const rotation = part(
  'rotate',
  'replace values while they are in use: without a failed request where a service has two pods or more',
  'rotate production jwt redis --context production',
)
  .argument('<secret...>', 'names of Secrets, as list prints them')
  .addOption(fromFile())
  .option('--finish', 'take away what is still accepted of a rotation before: tokens of the old key')
  .option('--timeout <seconds>', 'how long each step may take', seconds, 180)
  .option('--dry-run', 'only say what would be replaced')
  .addOption(confirmation())
  .action(async (environment: string, names: readonly string[], options: Options) => {
    const asked = await setup(environment, options);
    const entries = entriesNamed(catalogOf(asked), names);
    const live = await liveFrom(asked, { ...options, env: environment });
    refuseStore(live);
    const what = entries.map(({ name }) => name).join(', ');
    if (options.dryRun) return line(`would replace the values of ${what}`);
    await confirm('secrets rotate', `Replace the values of ${what} in ${environment}?`, options);
    const provided = providedIn(options);
    const left = await withLock(live.kubectl, lockNamespace(live), () =>
      showing(options, {
        title: `Rotate ${what}`,
        work: (report) =>
          rotate(live, entries, {
            provided,
            finish: options.finish ?? false,
            timeout: options.timeout,
            report,
          }),
      }),
    );
    if (left.length > 0) line(laterOf(live, environment, left));
  });

const laterOf = ({ config }: LivePlatform, environment: string, names: readonly string[]): string =>
  `Tokens of the old key stay good. After ${config.settings.jwtExpireMinutes} minutes: ./platform secrets rotate ${environment} ${names.join(' ')} --finish`;

const exporting = part(
  'export',
  'print the Secrets as templates without values, for another tool',
  'export production --format external-secrets --store vault > secrets.yaml',
)
  .addOption(new Option('--format <format>', 'for which tool').choices(FORMATS).makeOptionMandatory())
  .option('--store <name>', 'ClusterSecretStore of External Secrets', 'platform')
  .action(async (environment: string, options: Options) => {
    const asked = await setup(environment, options);
    const store = asked.config.secrets.store ?? {
      name: options.store,
      kind: 'ClusterSecretStore',
      prefix: '',
    };
    process.stdout.write(secretTemplates(options.format, catalogOf(asked), store));
  });

export const secrets = [list, create, check, rotation, exporting].reduce(
  (group, one) => group.addCommand(one),
  verb(
    'secrets',
    'list, create, check, rotate and export the Secrets of an environment; no value is ever printed',
    './platform secrets list production --context production',
  ),
);

/** With External Secrets the store holds the values and would overwrite any change. */
function refuseStore({ config }: LivePlatform): void {
  if (config.secrets.source === 'external')
    throw new Failure(
      `secrets.source is external: the store ${config.secrets.store?.name} has the values`,
      'change them there; ./platform secrets export --format external-secrets says which there must be',
    );
}

function providedIn({ fromFile: file }: Options): Provided {
  const values =
    file === undefined ? {} : parseProvided(readText('--from-file', file, 'a file of values'), file);
  return (key) => values[key] ?? process.env[key];
}

/** Asks on the terminal for required values that are missing. */
async function providedFor(live: LivePlatform, options: Options): Promise<Provided> {
  const given = providedIn(options);
  if (!process.stdin.isTTY || options.dryRun) return given;
  const existing = await existingSecrets(live.kubectl);
  const asked = new Map<string, string>();
  for (const { namespace, name, optional, keys } of catalogOf(live)) {
    const present = existing.get(`${namespace}/${name}`) ?? [];
    for (const { key, value } of keys)
      if (!optional && value.kind === 'provided' && !present.includes(key) && !given(key) && !asked.has(key))
        asked.set(key, await ask(`${key} of ${name}: `));
  }
  return (key) => asked.get(key) ?? given(key);
}

/** The terminal does not show the typed value. */
async function ask(question: string): Promise<string> {
  process.stdout.write(question);
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  const prompt = createInterface({ input: process.stdin, output: hidden, terminal: true });
  try {
    return await prompt.question('', { signal: interrupted });
  } finally {
    prompt.close();
    line();
  }
}
