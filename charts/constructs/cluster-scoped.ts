import { type ApiObject, JsonPatch } from 'cdk8s';

/** Takes off the namespace that cdk8s puts on every object of a chart that has one: this kind has none. */
export function clusterScoped(object: ApiObject): void {
  object.addJsonPatch(JsonPatch.remove('/metadata/namespace'));
}
