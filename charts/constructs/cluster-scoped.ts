import { type ApiObject, JsonPatch } from 'cdk8s';

/** Removes the namespace that cdk8s sets on every object of a namespaced chart: this kind has none. */
export function clusterScoped(object: ApiObject): void {
  object.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
}
