/** Writes the table of existing metrics, from the cluster of the end-to-end tests: `npm run metrics`. */
import { writeFileSync } from 'node:fs';
import { declared } from '../test/e2e/prometheus.ts';
import { TABLE } from '../test/monitoring/exported.ts';

const metrics = declared();
writeFileSync(TABLE, `${JSON.stringify(metrics, null, 2)}\n`);
for (const [job, names] of Object.entries(metrics)) console.info(`${job}: ${names.length}`);
