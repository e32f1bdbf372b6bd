/** Optional parts and other engines, by one value each. */
import { describe, expect, it } from 'vitest';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { SERVICES } from '../../charts/topology.ts';
import { find, type KubeObject, podsOf, render, WITH_DATABASE } from '../support/objects.ts';

const kinds = (objects: readonly KubeObject[]): ReadonlySet<string> =>
  new Set(objects.map(({ kind }) => kind));
const named = (objects: readonly KubeObject[], part: string) =>
  objects.filter(({ metadata }) => metadata.name.includes(part) || metadata.namespace?.includes(part));

/** Pods that belong to no service and that no switch takes away. */
const ALWAYS = ['redis', 'traefik', 'onec-simulator', 'model-simulator'];

describe('switches in every combination', () => {
  const combinations = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15].map((bits) => ({
    monitoring: { enabled: (bits & 1) > 0 },
    logging: { enabled: (bits & 2) > 0 },
    backups: { enabled: (bits & 4) > 0 },
    autoscaling: { enabled: (bits & 8) > 0 },
  }));
  it.each(combinations)('%j', (override) => {
    const objects = render('dev', [override]);
    const found = kinds(objects);
    expect(found.has('PodMonitor')).toBe(override.monitoring.enabled);
    expect(found.has('CronJob')).toBe(override.backups.enabled);
    expect(found.has('HorizontalPodAutoscaler')).toBe(override.autoscaling.enabled);
    expect(named(objects, 'logging').length > 0).toBe(override.logging.enabled);
    const watching = (override.monitoring.enabled ? 5 : 0) + (override.logging.enabled ? 5 : 0);
    expect(podsOf(objects).filter(({ kind }) => kind !== 'CronJob')).toHaveLength(
      SERVICES.length + WITH_DATABASE.length + ALWAYS.length + watching,
    );
  });
});

describe('cloudnative-pg', () => {
  const override: ConfigOverride = {
    databases: { engine: 'cloudnative-pg', walArchive: 's3://backups/platform' },
  };
  const objects = render('production', [override]);
  it('replaces the StatefulSets and nothing else runs on the old ones', () => {
    expect(objects.filter(({ kind }) => kind === 'Cluster')).toHaveLength(WITH_DATABASE.length);
    expect(objects.filter(({ kind }) => kind === 'StatefulSet').map(({ metadata }) => metadata.name)).toEqual(
      ['redis', 'elasticsearch', 'logstash'],
    );
    expect(find(objects, 'Cluster', 'postgres-security').spec).toMatchObject({
      instances: 3,
      resources: {
        requests: { cpu: '250m', memory: '256Mi', 'ephemeral-storage': '96Mi' },
        limits: { cpu: '500m', memory: '512Mi', 'ephemeral-storage': '768Mi' },
      },
      bootstrap: {
        initdb: {
          database: 'security_db',
          owner: 'security_user',
          secret: { name: 'postgres-security-app' },
        },
      },
      plugins: [
        {
          name: 'barman-cloud.cloudnative-pg.io',
          isWALArchiver: true,
          parameters: { barmanObjectName: 'postgres-security' },
        },
      ],
    });
  });
  it('each cluster has a base backup every night, into the store its log goes to', () => {
    const clusters = objects.filter(({ kind }) => kind === 'Cluster');
    for (const { metadata } of clusters) {
      expect(find(objects, 'ScheduledBackup', metadata.name).spec).toMatchObject({
        schedule: '0 15 2 * * *',
        immediate: true,
        cluster: { name: metadata.name },
        method: 'plugin',
      });
      expect(find(objects, 'ObjectStore', metadata.name).spec).toMatchObject({
        retentionPolicy: '30d',
        configuration: { destinationPath: 's3://backups/platform' },
      });
    }
    const without = render('production', [{ databases: { engine: 'cloudnative-pg' } }]);
    expect(without.filter(({ kind }) => ['ScheduledBackup', 'ObjectStore'].includes(kind))).toEqual([]);
  });
  it.each([
    ['s3://backups/platform', 's3Credentials'],
    ['gs://backups/platform', 'googleCredentials'],
    ['https://account.blob.core.windows.net/backups', 'azureCredentials'],
  ])('%s is reached with %s', (walArchive, credentials) => {
    const stores = render('production', [{ databases: { engine: 'cloudnative-pg', walArchive } }]);
    const { configuration } = find(stores, 'ObjectStore', 'postgres-security').spec;
    expect(Object.keys(configuration).filter((name) => name.endsWith('Credentials'))).toEqual([credentials]);
  });
  it('services and backups reach the primary, policies select the instances', () => {
    const text = JSON.stringify(objects);
    expect(text).toContain('"POSTGRES_HOST","value":"postgres-security-rw"');
    expect(text).toContain('"PGHOST","value":"postgres-security-rw"');
    const policy = find(objects, 'NetworkPolicy', 'postgres-security');
    expect(policy.spec.podSelector.matchLabels).toEqual({ 'cnpg.io/cluster': 'postgres-security' });
    find(objects, 'NetworkPolicy', 'postgres-security-instances');
  });
});

describe('external secret store', () => {
  const store = { name: 'vault', prefix: 'platform/' } as const;
  const objects = render('production', [{ secrets: { source: 'external', store } }]);
  it('has one object a Secret, by reference only', () => {
    const external = objects.filter(({ kind }) => kind === 'ExternalSecret');
    expect(external.map(({ metadata }) => metadata.name)).toEqual(
      expect.arrayContaining(['jwt', 'redis', 'postgres-security-app', 'ai-assistant-providers', 'smtp']),
    );
    expect(find(objects, 'ExternalSecret', 'redis').spec.data).toEqual([
      { secretKey: 'password', remoteRef: { key: 'platform/redis', property: 'password' } },
    ]);
  });
});

describe('the 1C simulator', () => {
  const url = (objects: readonly KubeObject[]) =>
    /"ONEC_SERVER_URL","value":"([^"]*)"/.exec(JSON.stringify(objects))?.[1];
  const secretOf = (objects: readonly KubeObject[]) =>
    JSON.stringify(find(objects, 'Deployment', 'onec-integration').spec.template.spec.volumes);

  it('stands in for 1C in dev: its address, its credentials, a way to it', () => {
    const objects = render('dev');
    const { containers } = find(objects, 'Deployment', 'onec-simulator').spec.template.spec;
    expect(containers[0].image).toMatch(/1c-integration:/);
    expect(url(objects)).toBe('http://onec-simulator:8010/base/odata/standard.odata');
    expect(secretOf(objects)).toContain('"name":"onec-simulator"');
    expect(JSON.stringify(objects)).toContain('"ONEC_ALLOWED_HOSTS","value":"onec-simulator"');
    expect(JSON.stringify(find(objects, 'NetworkPolicy', 'onec-simulator').spec.ingress)).toContain(
      '"app.kubernetes.io/name":"onec-integration"',
    );
  });
  it('gives way to a configured server', () => {
    const objects = render('dev', [
      {
        settings: { onecServerUrl: 'https://1c.example.com/base' },
        egress: { 'onec-server': { cidrs: ['192.0.2.0/24'] } },
      },
    ]);
    expect(named(objects, 'onec-simulator')).toEqual([]);
    expect(url(objects)).toBe('https://1c.example.com/base');
    expect(secretOf(objects)).toContain('"name":"onec-integration-server"');
  });
  it('is not in staging and production', () => {
    for (const environment of ['staging', 'production']) {
      expect(named(render(environment), 'simulator')).toEqual([]);
      expect(url(render(environment))).toBeUndefined();
    }
  });
});

describe('the model simulator', () => {
  const variable = (objects: readonly KubeObject[], name: string) =>
    new RegExp(`"${name}","value":"([^"]*)"`).exec(JSON.stringify(objects))?.[1];
  const own: readonly ConfigOverride[] = [
    { settings: { openaiBaseUrl: 'http://ollama:11434' } },
    { settings: { anthropicBaseUrl: 'http://vllm:8000' } },
    { simulator: { models: false } },
  ];

  it('stands in for the providers in dev: from the image of ai-assistant, with no Secret, and a way to it alone', () => {
    const objects = render('dev');
    const pod = find(objects, 'Deployment', 'model-simulator').spec.template.spec;
    expect(pod.containers[0].image).toMatch(/\/ai-assistant:/);
    expect(pod.containers[0].command).toEqual(['python', '-m', 'model_simulator']);
    expect(JSON.stringify(pod)).not.toMatch(/secret/i);
    expect(variable(objects, 'MODEL_SIMULATOR_URL')).toBe('http://model-simulator:8020');
    const { ingress, egress } = find(objects, 'NetworkPolicy', 'model-simulator').spec;
    expect(ingress).toHaveLength(1);
    expect(JSON.stringify(ingress)).toContain('"app.kubernetes.io/name":"ai-assistant"');
    expect(egress ?? []).toEqual([]);
    expect(JSON.stringify(find(objects, 'NetworkPolicy', 'ai-assistant').spec.egress)).toContain(
      '"app.kubernetes.io/name":"model-simulator"',
    );
  });
  it.each(own)('gives way to a server of one’s own: %j', (override) => {
    const objects = render('dev', [override]);
    expect(named(objects, 'model-simulator')).toEqual([]);
    expect(JSON.stringify(objects)).not.toContain('model-simulator');
    expect(variable(objects, 'MODEL_SIMULATOR_URL')).toBeUndefined();
  });
  it('is not in staging and production, and cannot be', () => {
    for (const environment of ['staging', 'production']) {
      expect(JSON.stringify(render(environment))).not.toContain('model-simulator');
      expect(() => render(environment, [{ simulator: { models: true } }])).toThrow(
        `simulated in tier local only, and ${environment} is`,
      );
    }
  });
});

describe('models', () => {
  const variables = (override: ConfigOverride) => {
    const objects = JSON.stringify(find(render('production', [override]), 'Deployment', 'ai-assistant'));
    return (name: string) => new RegExp(`"${name}","value":"([^"]*)"`).exec(objects)?.[1];
  };

  it('are the current ones', () => {
    const value = variables({});
    expect(value('AI_MODEL')).toBe('gpt-5.5');
    for (const name of ['AI_ALLOWED_MODELS', 'AI_MAX_OUTPUT_TOKENS', 'OPENAI_BASE_URL'])
      expect(value(name)).toBeUndefined();
  });
  it('are what one names oneself, at a server of one’s own', () => {
    const value = variables({
      settings: {
        aiModel: 'qwen3:8b',
        aiAllowedModels: 'qwen*,llama*',
        aiMaxOutputTokens: 8192,
        openaiBaseUrl: 'http://ollama:11434',
      },
    });
    expect(value('AI_MODEL')).toBe('qwen3:8b');
    expect(value('AI_ALLOWED_MODELS')).toBe('qwen*,llama*');
    expect(value('AI_MAX_OUTPUT_TOKENS')).toBe('8192');
    expect(value('OPENAI_BASE_URL')).toBe('http://ollama:11434');
  });
});

describe('tokens signed with a private key', () => {
  const objects = render('production', [{ settings: { jwtAlgorithm: 'ES256' } }]);
  const pod = (name: string) => JSON.stringify(find(objects, 'Deployment', name).spec.template.spec);
  const others = SERVICES.map(({ name }) => name).filter((name) => name !== 'user-management');

  it('only user-management has the key', () => {
    expect(pod('user-management')).toContain('JWT_PRIVATE_KEY');
    for (const name of others) expect(pod(name), name).not.toMatch(/JWT_PRIVATE_KEY|JWT_SECRET_KEY/);
  });
  it('everyone else fetches the published ones, and may', () => {
    const { ingress } = find(objects, 'NetworkPolicy', 'user-management').spec;
    for (const name of others) {
      expect(pod(name), name).toContain('http://user-management:8002/.well-known/jwks.json');
      expect(JSON.stringify(ingress), name).toContain(`"app.kubernetes.io/name":"${name}"`);
    }
  });
});

describe('a controller of the cluster', () => {
  const override: ConfigOverride = {
    edge: {
      controller: 'external',
      className: 'shared',
      annotations: { 'example.com/body-size': '100m' },
      from: { namespace: 'ingress' },
    },
  };
  const objects = render('production', [override]);
  it('takes the place of ours', () => {
    expect(named(objects, 'traefik')).toEqual([]);
    expect(kinds(objects).has('IngressClass')).toBe(false);
    for (const ingress of objects.filter(({ kind }) => kind === 'Ingress')) {
      expect(ingress.spec.ingressClassName).toBe('shared');
      expect(ingress.metadata.annotations).toEqual({ 'example.com/body-size': '100m' });
    }
  });
  it('leaves CORS to the gateway', () => {
    expect(JSON.stringify(objects)).toContain('"CORS_ORIGINS","value":"https://assistants.example.com"');
  });
});

describe('image overrides', () => {
  it('reach every image', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const objects = render('production', [
      {
        images: {
          registry: 'r.example.com/x',
          tag: '7',
          mirror: 'm.example.com',
          digests: { security: digest },
        },
      },
    ]);
    const images = podsOf(objects).flatMap(({ spec }) => spec.containers.map(({ image }) => image));
    expect(images.filter((image) => !/^(r\.example\.com\/x|m\.example\.com)\//.test(image))).toEqual([]);
    expect(images).toContain('r.example.com/x/analytics:7');
    expect(images).toContain(`r.example.com/x/security@${digest}`);
  });
});
