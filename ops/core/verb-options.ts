/** Which verbs have the options that many share: a block of docs/operations.md. */
import type { Command } from 'commander';
import { markdownTable } from './markdown.ts';

const SHARED = ['--json', '--dry-run', '--yes'] as const;

const hasOption = (command: Command, flag: string): boolean =>
  command.options.some(({ long }) => long === flag);

export const verbOptionsTable = (commands: readonly Command[]): string =>
  markdownTable(
    ['option', 'verbs'],
    SHARED.map((flag) => [
      `\`${flag}\``,
      commands
        .filter((command) => hasOption(command, flag))
        .map((command) => command.name())
        .join(', '),
    ]),
  );
