import { Failure, messageOf } from '../core/failure.ts';
import { TOOLS, type ToolName } from '../core/tools.ts';
import { run } from './run.ts';

/** @throws Failure naming every tool that is missing or does not work, and where to get it. */
export async function checkTools(names: readonly ToolName[]): Promise<void> {
  const problems = await Promise.all(names.map(problemWith));
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw new Failure(found.join('; '), 'then run the command again');
}

async function problemWith(name: ToolName): Promise<string | undefined> {
  const { probe, source } = TOOLS[name];
  try {
    await run(name, probe);
    return undefined;
  } catch (error) {
    const message = messageOf(error);
    return /ENOENT/.test(message)
      ? `${name}: not found, get it from ${source}`
      : `${name}: does not work (${message})`;
  }
}
