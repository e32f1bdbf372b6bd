/** The cases of every alert, by rule group. */

import { backups } from './backups.ts';
import { burn } from './burn.ts';
import { components } from './components.ts';
import { gateway } from './gateway.ts';
import { containers, pods, workloads } from './kubernetes.ts';
import type { CasesOf } from './model.ts';
import { nodes } from './nodes.ts';
import { prometheus, remoteWrite } from './prometheus.ts';
import { analytics, events, models, onecIntegration, security, userManagement } from './services.ts';
import { cloudNativePg, postgres, redis } from './stores.ts';

/** Cases for an environment with everything on. */
export const CASES: CasesOf = {
  ...burn,
  ...components,
  ...gateway,
  ...events,
  ...models,
  ...onecIntegration,
  ...userManagement,
  ...analytics,
  ...security,
  ...postgres,
  ...redis,
  ...backups,
  ...pods,
  ...workloads,
  ...containers,
  ...nodes,
  ...prometheus,
  ...remoteWrite,
};
/** Cases for the database engine cloudnative-pg. */
export const CLOUD_NATIVE_PG_CASES: CasesOf = cloudNativePg;
