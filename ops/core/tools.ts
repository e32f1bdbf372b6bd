/** The tools the operations command drives, and where to get them. */
export const TOOLS = {
  docker: { probe: ['version'], source: 'https://docs.docker.com/get-docker/' },
  kind: { probe: ['version'], source: 'https://kind.sigs.k8s.io/docs/user/quick-start/#installation' },
  kubectl: { probe: ['version', '--client'], source: 'https://kubernetes.io/docs/tasks/tools/#kubectl' },
} as const satisfies Readonly<Record<string, { readonly probe: readonly string[]; readonly source: string }>>;
export type ToolName = keyof typeof TOOLS;
