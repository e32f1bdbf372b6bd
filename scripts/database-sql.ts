/** The SQL that the owner of a database runs, for the values file that a document shows. */
import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { z } from 'zod';
import { resolveConfig } from '../charts/config/resolve.ts';
import { SERVICES } from '../charts/topology.ts';
import { setupSql } from '../ops/core/external.ts';

const values = z.record(z.string(), z.unknown());

/** A block of code. @throws ConfigError when the document's values file is not valid. */
export function databaseSqlBlock(file: string): string {
  const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(file, 'utf8')) ?? [];
  const config = resolveConfig('production', [values.parse(load(text))]);
  return `\`\`\`sql\n${setupSql(config, SERVICES, 'security')}\`\`\`\n`;
}
