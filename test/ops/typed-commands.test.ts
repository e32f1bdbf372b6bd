/** Every command and setting named in documents exists, and is valid in every environment. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { ENVIRONMENTS, LOCAL } from '../../charts/config/environments.ts';
import { configSchema } from '../../charts/config/schema.ts';
import { namespaceOf } from '../../charts/constructs/names.ts';
import { explain } from '../../ops/commands/config.ts';
import { messageOf } from '../../ops/core/failure.ts';
import { ROOT } from '../../ops/core/paths.ts';
import { namespacePlaceholder } from '../../ops/core/runbook.ts';
import { VERBS } from '../../ops/verbs.ts';
import { configOf } from '../support/objects.ts';
import { type Code, codeIn, optionOf, type Typed, typedIn } from '../support/typed-commands.ts';

const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'services/README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].map((name) => ({ name, text: readFileSync(join(ROOT, name), 'utf8') }));
type Page = (typeof DOCUMENTS)[number];

const isRunbook = (name: string): boolean => name.startsWith('docs/runbooks/');
const ZONES = ['app', 'edge', 'monitoring', 'logging', 'node-agents'] as const;
const PLACEHOLDERS = ZONES.map(namespacePlaceholder);
/** Names of namespaces that are others in another environment. */
const LITERALS = ZONES.flatMap((zone) => ENVIRONMENTS.map((name) => namespaceOf(configOf(name), zone)));
const literalIn = (text: string): string | undefined =>
  text.match(/[a-z][a-z0-9-]*/g)?.find((word) => LITERALS.includes(word));

let commands: ReadonlyMap<string, Command>;
beforeAll(async () => {
  const loaded = await Promise.all(VERBS.map(({ load }) => load()));
  const every = loaded.flatMap((group) => [group, ...group.commands]);
  for (const command of every)
    command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  // The test parses the commands and never runs them.
  for (const command of every.filter((one) => one.commands.length === 0)) command.action(() => undefined);
  commands = new Map(loaded.map((command) => [command.name(), command]));
});

/** The command that is meant, the group's own where it has some. */
function commandOf([verb = '', inner = '']: readonly string[]): Command | undefined {
  const command = commands.get(verb);
  return command?.commands.find((one) => one.name() === inner) ?? command;
}

/** What is wrong with the words themselves. */
function unparsed({ words, block }: Typed): string | undefined {
  const [verb = '', ...rest] = words;
  if (verb.startsWith('-')) return undefined;
  const command = commands.get(verb);
  if (!command) return `there is no verb "${verb}"`;
  try {
    command.parse(rest, { from: 'user' });
    return undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    const named = !block && /missingArgument|help/.test(error.code);
    return error.exitCode === 0 || named ? undefined : messageOf(error);
  }
}

/** The environment a command is about, when it says so. */
const environmentIn = (command: Command, words: readonly string[]): string | undefined =>
  command.registeredArguments[0]?.name() === 'environment'
    ? words
        .slice(commandOf(words) === commands.get(words[0] ?? '') ? 1 : 2)
        .find((word) => !word.startsWith('-'))
    : optionOf(words, '--env', '--environment');

const takesEnvironment = ({ options, registeredArguments: [first] }: Command): boolean =>
  first?.name() === 'environment' || options.some(({ long, short }) => [long, short].includes('--env'));

function platformFault(page: string, typed: Typed): string | undefined {
  const wrong = unparsed(typed);
  if (wrong) return wrong;
  const { words, block } = typed;
  const command = commandOf(words);
  if (!command) return undefined;
  const has = (name: string): boolean =>
    command.options.some(({ long, short }) => long === name || short === name);
  // A verb that makes a kind cluster is for this machine, whichever environment it takes.
  const onlyHere = has('--cluster-config') || !takesEnvironment(command);
  if (isRunbook(page) && onlyHere) return `${words[0]} is about this machine, not about an environment`;
  const environment = environmentIn(command, words);
  if (isRunbook(page) && environment === undefined) return 'does not say which environment (--env)';
  const elsewhere = environment !== undefined && environment !== LOCAL && (block || isRunbook(page));
  const offline = words.includes('--no-cluster') || command.name() === 'export';
  return elsewhere && has('--context') && !offline && optionOf(words, '--context') === undefined
    ? 'does not say which cluster (--context)'
    : undefined;
}

/** Verbs of kubectl that ask no cluster. */
const LOCAL_KUBECTL = ['config', 'kustomize', 'version'];

function kubectlFault(page: string, { words }: Typed): string | undefined {
  const literal = literalIn(words.join(' '));
  if (literal) return `${literal} has another name in another environment`;
  const namespace = optionOf(words, '-n', '--namespace');
  if (namespace?.startsWith('NAMESPACE_') && !PLACEHOLDERS.includes(namespace))
    return `${namespace} is none of ${PLACEHOLDERS.join(', ')}`;
  const asks = !LOCAL_KUBECTL.includes(words[0] ?? '');
  if (isRunbook(page) && asks && optionOf(words, '--context') === undefined)
    return 'does not say which cluster (--context)';
  return undefined;
}

const SETTINGS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = JSON.parse(
  readFileSync(join(ROOT, 'services/settings.json'), 'utf8'),
);
const FIELDS = Object.keys(configSchema.shape);
const variables = new Set(Object.values(SETTINGS).flatMap((one) => Object.keys(one)));

/** `settings.smtp*` stands for all settings with that prefix. */
function fieldFault(field: string, path: readonly string[]): string | undefined {
  const last = path.at(-1) ?? '';
  try {
    const beside = last.endsWith('*') ? explain(path.slice(0, -1).join('.')).fields : [];
    if (!beside.some((name) => name.startsWith(last.slice(0, -1)))) explain(field);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** The path of a field, `services.NAME.settings.VARIABLE` too. */
function pathFault(field: string): string | undefined {
  const path = field.split('.');
  const [root = '', service = '', kind, variable] = path;
  if (path.length === 1 || !FIELDS.includes(root)) return undefined;
  if (root !== 'services' || kind !== 'settings' || variable === undefined) return fieldFault(field, path);
  const known = service === 'SERVICE' ? variables.has(variable) : variable in (SETTINGS[service] ?? {});
  return known ? undefined : `${service} has no setting ${variable}`;
}

/** What is wrong with a setting that is named in a sentence. */
function settingFault(page: string, { text, block }: Code): string | undefined {
  const [field = ''] = text.split(/[=: ]/);
  if (block) return undefined;
  const wrong = pathFault(field);
  if (wrong || !isRunbook(page)) return wrong;
  const variable = field.toUpperCase();
  if (field.includes('_') && variables.has(variable))
    return `${field} is set by services.SERVICE.settings.${variable}`;
  return literalIn(text) === text ? `${text} has another name in another environment` : undefined;
}

/** Checks `word` in `file`: both must exist. */
function sourceFaults({ name, text }: Page): readonly string[] {
  if (!isRunbook(name)) return [];
  const lines = (index: number): number => text.slice(0, index).split('\n').length;
  const named = text.matchAll(
    /(?:`([\w.]+)`\s+(?:of the \w+ )?in\s+)?`((?:charts|ops|services|test|scripts)\/[\w./-]+\.\w+)`/g,
  );
  return [...named].flatMap(({ index, 1: word, 2: file = '' }) => {
    const where = `${name}:${lines(index)}`;
    if (!existsSync(join(ROOT, file))) return [`${where}: there is no ${file}`];
    const known = word === undefined || readFileSync(join(ROOT, file), 'utf8').includes(word);
    return known ? [] : [`${where}: ${file} has no ${word}`];
  });
}

function faultsIn(page: Page): readonly string[] {
  const typed = typedIn(page.name, page.text).map((one) => {
    const fault = one.tool === 'kubectl' ? kubectlFault(page.name, one) : platformFault(page.name, one);
    return fault === undefined ? [] : [`${one.where}: ${one.tool} ${one.words.join(' ')}: ${fault}`];
  });
  const settings = codeIn(page.text).map((code) => {
    const fault = settingFault(page.name, code);
    return fault === undefined ? [] : [`${page.name}:${code.line}: ${fault}`];
  });
  return [...typed.flat(), ...settings.flat(), ...sourceFaults(page)];
}

describe('documents', () => {
  it('are read: commands of both tools, in blocks and in sentences', () => {
    const all = DOCUMENTS.flatMap(({ name, text }) => typedIn(name, text));
    for (const tool of ['./platform', 'kubectl'] as const)
      for (const block of [true, false])
        expect(all.filter((one) => one.tool === tool && one.block === block).length).toBeGreaterThan(20);
  });
  it.each(DOCUMENTS.map((page) => [page.name, page] as const))('%s', (_, page) => {
    expect(faultsIn(page)).toEqual([]);
  });
});

describe('a fault is found by file and line', () => {
  const RUNBOOK = 'docs/runbooks/ServiceDown.md';
  it.each([
    ['`./platform statsu`', RUNBOOK, 'there is no verb "statsu"'],
    [
      '`./platform logs --requestid X --env ENVIRONMENT --context CONTEXT`',
      RUNBOOK,
      "unknown option '--requestid'",
    ],
    [
      '```sh\n./platform restore --env ENVIRONMENT --context CONTEXT\n```',
      RUNBOOK,
      'missing required argument',
    ],
    ['`./platform status --context CONTEXT`', RUNBOOK, 'does not say which environment'],
    ['`./platform status --env ENVIRONMENT`', RUNBOOK, 'does not say which cluster'],
    ['```sh\n./platform history production\n```', 'docs/x.md', 'does not say which cluster'],
    ['`./platform up`', RUNBOOK, 'up is about this machine'],
    ['`kubectl get pods -n NAMESPACE_APP`', RUNBOOK, 'does not say which cluster'],
    ['`kubectl get pods -n assistants`', 'docs/x.md', 'assistants has another name'],
    ['`kubectl --context CONTEXT get pods -n NAMESPACE_APPS`', RUNBOOK, 'NAMESPACE_APPS is none of'],
    ['the namespace `assistants-edge`', RUNBOOK, 'assistants-edge has another name'],
    ['`databases.size`', 'docs/x.md', '"databases.size" is no field'],
    ['`settings.smpt*`', RUNBOOK, '"settings.smpt*" is no field'],
    ['`services.security.settings.ONEC_MAX_SESSIONS`', RUNBOOK, 'security has no setting ONEC_MAX_SESSIONS'],
    ['`daily_token_budget`', RUNBOOK, 'is set by services.SERVICE.settings.DAILY_TOKEN_BUDGET'],
    ['`maxclients` in `charts/data/redis.ts`', RUNBOOK, 'has no maxclients'],
    ['`charts/data/rediss.ts`', RUNBOOK, 'there is no charts/data/rediss.ts'],
  ])('%s', (text, name, reason) => {
    expect(faultsIn({ name, text: `# Page\n\n${text}\n` }).join('\n')).toMatch(new RegExp(`^${name}:[34]: `));
    expect(faultsIn({ name, text: `# Page\n\n${text}\n` }).join('\n')).toContain(reason);
  });
});
