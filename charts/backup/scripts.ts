/** The scripts of backup, restore drill, restore and import, as files of the ConfigMap their pods mount. */
import { readFileSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { databaseSql } from '../data/postgres-config.ts';

const NAMES = [
  'lib.sh',
  'fingerprint.sql',
  'backup.sh',
  'list.sh',
  'drill.sh',
  'restore.sh',
  'convert.sh',
] as const;

const read = (name: string): string => readFileSync(new URL(`./scripts/${name}`, import.meta.url), 'utf8');

const SCRIPTS: Readonly<Record<string, string>> = Object.fromEntries(NAMES.map((name) => [name, read(name)]));

export const backupScripts = ({ databases }: Config): Readonly<Record<string, string>> => ({
  ...SCRIPTS,
  'database.sql': databaseSql(databases.engine === 'external'),
});
