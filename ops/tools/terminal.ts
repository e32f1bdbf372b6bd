/** Commands in pods, on this terminal. */
import type { LivePod } from '../core/components.ts';
import { execArguments } from '../core/consoles.ts';
import { messageOf } from '../core/failure.ts';
import type { Kubectl } from './kubectl.ts';

/** Somebody sits here and types. */
export const onTerminal = (): boolean => process.stdin.isTTY && process.stdout.isTTY;

/**
 * Runs a command in a pod's main container and returns its exit status.
 *
 * @param input standard input. @default this command's own
 */
export function terminal(
  kubectl: Kubectl,
  pod: LivePod,
  command: readonly string[],
  input?: string,
): Promise<number> {
  const flags = input === undefined && onTerminal() ? ['--stdin', '--tty'] : ['--stdin'];
  return kubectl.attach(execArguments(pod, flags, command), input);
}

/** Whether the main container's image has a shell. */
export async function hasShell(kubectl: Kubectl, pod: LivePod): Promise<boolean> {
  try {
    await kubectl.output(execArguments(pod, [], ['sh', '-c', ':']));
    return true;
  } catch (error) {
    if (/executable file not found|no such file/.test(messageOf(error))) return false;
    throw error;
  }
}
