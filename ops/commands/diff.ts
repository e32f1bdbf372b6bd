import { changes, sentOf } from '../core/plan.ts';
import { checkTools } from '../tools/check-tools.ts';
import { type ClusterOptions, targetOf, verb, withCluster } from './options.ts';
import { line } from './print.ts';
import { showPlan } from './release.ts';

export const diff = withCluster(
  verb(
    'diff',
    'show what an apply would change; exit status 0 nothing, 1 something, 2 the comparison failed',
    './platform diff --env dev',
  ),
).action(async (options: ClusterOptions) => {
  const { kubectl, config, wanted } = await targetOf(options);
  await checkTools(['kubectl']);
  await kubectl.reach();
  const plan = await kubectl.plan(config.environment, wanted);
  const comparable = plan.changed.filter((object) => !plan.recreated.includes(object));
  const text = await kubectl.diff(comparable.map((object) => sentOf(plan, object)));
  if (text) line(text);
  showPlan(plan);
  process.exitCode = changes(plan) + plan.refused.length > 0 ? 1 : 0;
});
