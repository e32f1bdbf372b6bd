/** What still says `example.com` where a real deployment must have a name of its own. */
import type { Config } from '../../charts/config/schema.ts';
import { Failure } from './failure.ts';
import type { KubeObject } from './objects.ts';

/** Names that are reserved for examples (RFC 2606), and what is below them. */
const RESERVED = /(?<![\w-])(?:[\w-]+\.)*example\.(?:com|net|org)(?![\w-])/i;

type Found = readonly [path: string, text: string];

function texts(value: unknown, path: string): readonly Found[] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => texts(item, path === '' ? key : `${path}.${key}`));
}

const placeholdersIn = (value: unknown): readonly Found[] =>
  texts(value, '').filter(([, text]) => RESERVED.test(text));

/** One line for each field; where no field has it, for the object that does. */
export function placeholders(config: Config, wanted: readonly KubeObject[]): readonly string[] {
  if (config.tier === 'local') return [];
  const fields = placeholdersIn(config).map(([path, text]) => `${path}: ${JSON.stringify(text)}`);
  const relative =
    config.monitoring.enabled && !/^https?:/.test(config.monitoring.runbooks)
      ? [
          `monitoring.runbooks: ${JSON.stringify(config.monitoring.runbooks)} is no address: alerts link to it`,
        ]
      : [];
  const objects = wanted.flatMap((object) => {
    const [first] = placeholdersIn(object);
    return first ? [`${object.kind}/${object.metadata.name}: ${first[0]}`] : [];
  });
  return [...fields, ...relative, ...(fields.length === 0 ? objects : [])];
}

/** @throws Failure naming every placeholder: before a cluster is asked anything. */
export function refusePlaceholders(config: Config, wanted: readonly KubeObject[]): void {
  const found = placeholders(config, wanted);
  if (found.length > 0)
    throw new Failure(
      `${config.environment}: placeholders are left: ${found.join('; ')}`,
      'set these fields with --values or --set',
    );
}
