import { describe, expect, it } from 'vitest';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { prerequisites } from '../../charts/config/prerequisites.ts';
import { configOf } from '../support/objects.ts';

describe('what a cluster needs first', () => {
  it.each<[string, ConfigOverride, readonly string[]]>([
    ['staging', {}, ['prometheusOperator', 'certManager']],
    [
      'production',
      { databases: { engine: 'cloudnative-pg' }, edge: { tls: 'existing' } },
      ['metricsServer', 'prometheusOperator', 'cloudNativePg'],
    ],
    [
      'production',
      {
        databases: { engine: 'cloudnative-pg', walArchive: 's3://backups/platform' },
        edge: { tls: 'existing' },
      },
      // The plugin's certificates come from cert-manager, and its own kinds after the operator's.
      ['metricsServer', 'prometheusOperator', 'certManager', 'cloudNativePg', 'barmanCloud'],
    ],
    [
      'staging',
      { secrets: { source: 'external', store: { name: 'vault' } } },
      ['prometheusOperator', 'certManager', 'externalSecrets'],
    ],
  ])('%s %j', (environment, override, names) => {
    expect(prerequisites(configOf(environment, [override]))).toEqual(names);
  });
});
