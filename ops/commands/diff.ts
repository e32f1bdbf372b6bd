import { title } from '../core/objects.ts';
import { changes, summary } from '../core/plan.ts';
import { checkTools } from '../tools/check.ts';
import { type ClusterOptions, targetOf, verb, withCluster } from './options.ts';
import { line } from './print.ts';

export const diff = withCluster(
  verb(
    'diff',
    'show what an apply would change; exit status 0 nothing, 1 something, 2 it could not be found out',
    './platform diff --env dev',
  ),
).action(async (options: ClusterOptions) => {
  const { kubectl, config, wanted } = await targetOf(options);
  await checkTools(['kubectl']);
  await kubectl.reach();
  const plan = await kubectl.plan(config.environment, wanted);
  const text = await kubectl.diff(plan.changed);
  if (text) line(text);
  for (const object of plan.created) line(`+ ${title(object)}`);
  for (const object of plan.changed) line(`~ ${title(object)}`);
  for (const object of plan.pruned) line(`- ${title(object)}`);
  line(summary(plan));
  process.exitCode = changes(plan) > 0 ? 1 : 0;
});
