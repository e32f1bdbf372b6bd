/** Names, labels and annotations of the objects themselves. */
import { z } from 'zod';
import { ConfigError } from '../graph/error.ts';
import { ZONES } from '../graph/model.ts';
import { dns1123 } from './fields.ts';
import { checkLabels } from './pods.ts';

export const objects = {
  /** Names of the namespaces, by zone. @default `assistants` and the like, with `nameSuffix` */
  namespaces: z.partialRecord(z.enum(ZONES), dns1123.max(63)).default({}),
  /** Labels of every object, besides the platform's own. */
  commonLabels: z.record(z.string(), z.string()).default({}),
  /** Annotations of every object; one that an object has already stays as it is. */
  commonAnnotations: z.record(z.string(), z.string()).default({}),
};

interface Objects {
  readonly namespaces: Readonly<Partial<Record<string, string>>>;
  readonly commonLabels: Readonly<Record<string, string>>;
}

/** @throws ConfigError for labels of the platform's own, and for two zones in one namespace. */
export function checkObjects({ namespaces, commonLabels }: Objects): void {
  checkLabels(commonLabels, 'commonLabels');
  const names = Object.values(namespaces);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) throw new ConfigError('namespaces', twice, 'a namespace of its own for each zone');
}
