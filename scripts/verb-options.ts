/** Which verbs have the options that many verbs share: a block of docs/operations.md. */
import type { Command } from 'commander';
import { markdownTable } from './markdown.ts';

const SHARED = ['--json', '--dry-run', '--yes'] as const;

const hasOption = (command: Command, flag: string): boolean =>
  command.options.some(({ long }) => long === flag);

/** The verbs; of a group, its verbs. */
const verbsOf = (
  command: Command,
  prefix = '',
): readonly { readonly name: string; readonly command: Command }[] => [
  { name: `${prefix}${command.name()}`, command },
  ...command.commands.flatMap((inner) => verbsOf(inner, `${prefix}${command.name()} `)),
];

export const verbOptionsTable = (commands: readonly Command[]): string =>
  markdownTable(
    ['option', 'verbs'],
    SHARED.map((flag) => [
      `\`${flag}\``,
      commands
        .flatMap((command) => verbsOf(command))
        .filter(({ command }) => hasOption(command, flag))
        .map(({ name }) => name)
        .join(', '),
    ]),
  );
