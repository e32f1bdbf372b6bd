/** Values of the runbooks' placeholders in each environment. */
import type { Config } from '../charts/config/schema.ts';
import { namespaceValues } from '../ops/core/runbook.ts';
import { markdownTable } from './markdown.ts';

export const placesTable = (configs: readonly Config[]): string =>
  markdownTable(
    ['placeholder', ...configs.map(({ environment }) => environment)],
    Object.keys(configs[0] ? namespaceValues(configs[0]) : {}).map((name) => [
      `\`${name}\``,
      ...configs.map((config) => `\`${namespaceValues(config)[name]}\``),
    ]),
  );
