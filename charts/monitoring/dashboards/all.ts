/** Every dashboard that has something to show. */
import { backups, postgres, redis } from './data.ts';
import { edge, gateway } from './entry.ts';
import type { DashboardContext, DashboardSpec } from './model.ts';
import { nodes } from './nodes.ts';
import { overview } from './overview.ts';
import { ai, onec } from './services.ts';

export const dashboards = (context: DashboardContext): readonly DashboardSpec[] => [
  overview(context),
  gateway(),
  ai(),
  onec(),
  postgres(),
  redis(),
  ...(context.config.edge.controller === 'traefik' ? [edge()] : []),
  ...(context.config.backups.enabled ? [backups()] : []),
  nodes(),
];
