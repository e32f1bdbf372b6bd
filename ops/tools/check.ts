import { Failure, messageOf } from '../core/failure.ts';
import { type Probed, TOOLS, type ToolName, type ToolRow, toolRow } from '../core/tools.ts';
import { run } from './run.ts';

/** @throws Failure naming every tool that is missing, too old or does not work, and where to get it. */
export async function checkTools(names: readonly ToolName[]): Promise<void> {
  const rows = await Promise.all(names.map(checkTool));
  const problems = rows.flatMap(problemOf);
  if (problems.length > 0) throw new Failure(problems.join('; '), 'then run the command again');
}

function problemOf({ name, found, needed, state, next }: ToolRow): readonly string[] {
  if (state === 'ok') return [];
  if (state === 'missing') return [`${name}: not found, ${next}`];
  return state === 'too old'
    ? [`${name}: ${found} is too old, ${needed} is needed, ${next}`]
    : [`${name}: does not work (${next})`];
}

export const checkTool = async (name: ToolName): Promise<ToolRow> =>
  toolRow(name, TOOLS[name], await probe(name, TOOLS[name].probe));

/** Runs a tool to see whether it is there. */
export async function probe(tool: string, args: readonly string[]): Promise<Probed> {
  try {
    return { output: (await run(tool, args)).stdout };
  } catch (error) {
    const message = messageOf(error);
    return /ENOENT/.test(message) ? 'missing' : { problem: message };
  }
}
