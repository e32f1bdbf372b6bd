/** A page of docs/runbooks for one environment, with the environment's values in place of placeholders. */
import type { Config } from '../../charts/config/schema.ts';
import { namespaceOf } from '../../charts/constructs/names.ts';
import type { Zone } from '../../charts/graph/model.ts';
import { Failure } from './failure.ts';

const ZONES: readonly Zone[] = ['app', 'edge', 'monitoring', 'logging', 'node-agents'];

/** The pages' placeholder for the namespace of a zone, such as NAMESPACE_NODE_AGENTS. */
export const namespacePlaceholder = (zone: Zone): string =>
  `NAMESPACE_${zone.toUpperCase().replace('-', '_')}`;

type Values = Readonly<Record<string, string>>;

export const namespaceValues = (config: Config): Values =>
  Object.fromEntries(ZONES.map((zone) => [namespacePlaceholder(zone), namespaceOf(config, zone)]));

/** @param environment as the user typed it: a name or a file. */
export const placesOf = (config: Config, environment: string, context: string): Values => ({
  ENVIRONMENT: environment,
  CONTEXT: context,
  ...namespaceValues(config),
});

/** Placeholders for labels of the alert, or for results of the page's first commands. */
const LABELS = [
  'SERVICE',
  'NAMESPACE',
  'POD',
  'CONTAINER',
  'DEPLOYMENT',
  'STATEFULSET',
  'CRONJOB',
  'JOB',
  'NODE',
  'CLAIM',
  'HOST',
  'READER',
  'COMPONENT',
  'DATABASE',
];

/** `service=security` is the value of SERVICE. @throws Failure for another form, or a name the page lacks. */
export function labelsOf(alert: string, page: string, words: readonly string[]): Values {
  const commands = [...page.matchAll(/```[\s\S]*?```|`[^`]+`/g)].map(([code]) => code).join('\n');
  const known = LABELS.filter((label) => new RegExp(`\\b${label}\\b`).test(commands));
  return Object.fromEntries(
    words.map((word) => {
      const [, name = '', value = ''] = /^([a-z]+)=(.+)$/.exec(word) ?? [];
      if (name === '' || !known.includes(name.toUpperCase()))
        throw new Failure(`runbook: "${word}" is no placeholder of ${alert}`, expectedOf(known));
      return [name.toUpperCase(), value];
    }),
  );
}

const expectedOf = (known: readonly string[]): string =>
  known.length === 0
    ? 'the page has none'
    : `expected a label such as ${known.map((name) => `${name.toLowerCase()}=…`).join(', ')}`;

/** The page, with every placeholder that has a value replaced. */
export const filled = (page: string, values: Values): string =>
  page.replaceAll(/\b[A-Z]+(?:_[A-Z]+)*\b/g, (word) => values[word] ?? word);
