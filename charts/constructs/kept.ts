/** What GitOps tools leave alone, as the command does: data outlives a change of configuration, and an application that is deleted. */
export const KEPT: Readonly<Record<string, string>> = {
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
  'kustomize.toolkit.fluxcd.io/prune': 'disabled',
};

/**
 * A claim that only jobs mount has no volume until the first of them runs, where volumes are made for the pod
 * (WaitForFirstConsumer): Argo CD would wait for it until the night.
 */
export const UNBOUND: Readonly<Record<string, string>> = { 'argocd.argoproj.io/ignore-healthcheck': 'true' };
