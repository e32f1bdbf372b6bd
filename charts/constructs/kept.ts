/** GitOps tools keep objects with these, as the command does: data outlives a deleted application. */
export const KEPT: Readonly<Record<string, string>> = {
  'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false',
  'kustomize.toolkit.fluxcd.io/prune': 'disabled',
};

/**
 * Where a volume is created for its first pod (WaitForFirstConsumer), a claim that only Jobs mount has none
 * until the first Job runs. Argo CD would wait for it until the night.
 */
export const UNBOUND: Readonly<Record<string, string>> = { 'argocd.argoproj.io/ignore-healthcheck': 'true' };
