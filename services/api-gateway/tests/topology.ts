/** The routing table that the charts give the gateway. */
import { parseRoutes, type Route } from '../src/routes.ts';
import { assert } from './support.ts';

const MANIFEST = new URL('../../../dist/production/30-api-gateway.k8s.yaml', import.meta.url);

/** The table in the manifest: JSON in a double-quoted YAML string, which has the escapes of JSON. */
export function routesText(): string {
  const text = /- name: GATEWAY_ROUTES\n\s+value: (".*")\n/.exec(Deno.readTextFileSync(MANIFEST))?.[1];
  assert(text, `${MANIFEST.pathname} has no GATEWAY_ROUTES`);
  return JSON.parse(text);
}

export function topologyRoutes(): readonly Route[] {
  return parseRoutes(routesText(), (reason) => {
    throw new Error(reason);
  });
}
