/** Which cluster a command talks to. It is always named, never the one kubectl happens to point at. */
import { Failure } from './failure.ts';

/** Name of the kind cluster, as in kind-config.yaml. */
export const CLUSTER = 'ai-assistants';
export const KIND_CONTEXT = `kind-${CLUSTER}`;

/** dev lives in the kind cluster; the others' clusters are named by whoever asks. */
export function contextOf(environment: string, context: string | undefined): string {
  if (context) return context;
  if (environment === 'dev') return KIND_CONTEXT;
  throw new Failure(
    `--context: missing, and ${environment} is no local cluster`,
    'name one of `kubectl config get-contexts`',
  );
}
