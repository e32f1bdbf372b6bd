/** Every rule of an environment, in groups. */
import { backupGroups } from './backups.ts';
import { objectiveGroups } from './burn.ts';
import { componentGroups } from './components.ts';
import { gatewayGroups } from './gateway.ts';
import { kubernetesGroups } from './kubernetes.ts';
import type { RuleGroup, RuleScope } from './model.ts';
import { nodeGroups } from './nodes.ts';
import { prometheusGroups } from './prometheus.ts';
import { serviceGroups } from './services.ts';
import { storeGroups } from './stores.ts';

export const ruleGroups = (scope: RuleScope): readonly RuleGroup[] =>
  [
    objectiveGroups,
    componentGroups,
    gatewayGroups,
    serviceGroups,
    storeGroups,
    backupGroups,
    kubernetesGroups,
    nodeGroups,
    prometheusGroups,
  ].flatMap((groups) => groups(scope));
