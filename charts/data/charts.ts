/** Charts of the data stores: Redis, and each service's PostgreSQL with its backups. */
import type { Construct } from 'constructs';
import { redisServerOf, serverOf } from '../config/external.ts';
import { PlatformChart, type PlatformChartProps } from '../constructs/platform-chart.ts';
import { componentOf } from '../graph/build.ts';
import { postgresOf, REDIS, type ServiceSpec } from '../graph/model.ts';
import { addCloudNativePg } from './cloudnative-pg.ts';
import { addPostgresExporter, addRedisExporter } from './external-exporters.ts';
import { Postgres } from './postgres.ts';
import { Redis } from './redis.ts';

export interface PostgresChartProps extends PlatformChartProps {
  readonly spec: ServiceSpec;
}

export class PostgresChart extends PlatformChart {
  constructor(scope: Construct, id: string, props: PostgresChartProps) {
    super(scope, id, props, 'app');
    const { config, topology, spec } = props;
    const component = componentOf(topology, postgresOf(spec.name));
    const server = serverOf(config, spec.name);
    if (config.databases.engine === 'cloudnative-pg') addCloudNativePg(this, { config, component, spec });
    else if (server) addPostgresExporter(this, { config, component, spec }, server);
    else new Postgres(this, component.name, { config, component, spec });
  }
}

export class RedisChart extends PlatformChart {
  constructor(scope: Construct, id: string, props: PlatformChartProps) {
    super(scope, id, props, 'app');
    const component = componentOf(props.topology, REDIS);
    const server = redisServerOf(props.config);
    if (server) addRedisExporter(this, { config: props.config, component }, server);
    else new Redis(this, component.name, { config: props.config, component });
  }
}
