import type { Config } from '../../charts/config/schema.ts';
import type { ServiceSpec, Topology } from '../../charts/graph/model.ts';
import type { KubeObject } from '../core/objects.ts';
import type { Kubectl } from '../tools/kubectl.ts';

/** What is rolled out, and where to. */
export interface Target {
  readonly config: Config;
  readonly services: readonly ServiceSpec[];
  readonly topology: Topology;
  /** The rendered objects, in the order they are applied. */
  readonly wanted: readonly KubeObject[];
  readonly kubectl: Kubectl;
}
