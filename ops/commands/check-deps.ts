import { Failure } from '../core/failure.ts';
import { lackingOf, TOOL_NAMES, type ToolRow } from '../core/required-tools.ts';
import { checkTool, machineRows } from '../tools/check-tools.ts';
import { verb } from './options.ts';
import { json, line, table } from './print.ts';

interface Options {
  readonly json?: boolean;
}

export const checkDeps = verb(
  'check-deps',
  'show the installed tools and the required versions; exit status 1 when one is missing or too old',
  './platform check-deps --json',
)
  .option('--json', 'print the rows as JSON')
  .action(async ({ json: asJson }: Options) => {
    const rows = await toolRows();
    if (asJson) json(rows);
    else {
      table(['tool', 'found', 'needed', 'state', 'for', 'next'], rows.map(cells));
      line();
    }
    const lacking = lackingOf(rows);
    if (lacking.length > 0)
      throw new Failure(
        `check-deps: ${lacking.map(({ name, state }) => `${name} ${state}`).join(', ')}`,
        'see the table',
      );
    if (!asJson) line('Everything that is needed is there.');
  });

/** The tools on this machine, and what Docker may use of it. */
async function toolRows(): Promise<readonly ToolRow[]> {
  const rows = await Promise.all(TOOL_NAMES.map(checkTool));
  return [...rows, ...(await machineRows())];
}

const cells = ({ name, found, needed, state, optional, neededFor, next }: ToolRow): readonly string[] => [
  name,
  found,
  needed,
  state === 'missing' && optional ? 'missing (optional)' : state,
  neededFor,
  next,
];
