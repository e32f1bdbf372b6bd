/** A corporate authority and a proxy: who is given them, and what policies then open. */
import { describe, expect, it } from 'vitest';
import type { ConfigOverride } from '../../charts/config/environments.ts';
import { PARTS } from '../support/fits.ts';
import { containersOf, find, type KubeObject, PLAIN, podsOf, render } from '../support/objects.ts';

const VARIABLES = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'DENO_CERT', 'REQUESTS_CA_BUNDLE'];

describe.each([
  ['a ConfigMap', { configMap: 'authorities', key: 'bundle.pem' }, { configMap: { name: 'authorities' } }],
  ['a Secret', { secret: 'authorities', key: 'bundle.pem' }, { secret: { secretName: 'authorities' } }],
])('the bundle of authorities, from %s', (_, trust, source) => {
  const pods = podsOf(render('dev', [PARTS, { trust }]));
  const trusting = pods.filter(({ labels }) =>
    ['service', 'edge', 'monitor', 'logging'].includes(labels['app.kubernetes.io/component'] ?? ''),
  );
  it('is in every program that calls out: services, Traefik, Prometheus and what talks to Elasticsearch', () => {
    expect(trusting.map(({ owner }) => owner)).toEqual(
      expect.arrayContaining([
        ...['Deployment/api-gateway', 'Deployment/ai-assistant', 'Deployment/traefik', 'Deployment/kibana'],
        ...['Prometheus/assistants', 'StatefulSet/logstash', 'DaemonSet/filebeat'],
      ]),
    );
    const wanted = VARIABLES.map((name) => ({ name, value: '/run/trust/ca.crt' }));
    const mount = { name: 'trust', mountPath: '/run/trust', readOnly: true };
    for (const { env, volumeMounts, name } of trusting.flatMap(containersOf)) {
      expect(env, name).toEqual(expect.arrayContaining(wanted));
      expect(volumeMounts, name).toContainEqual(mount);
    }
  });
  it('is mounted by its key', () => {
    for (const { object } of trusting) {
      const spec = object.spec.template?.spec ?? object.spec;
      const [volume] = spec.volumes.filter(({ name }: { name: string }) => name === 'trust');
      expect(volume).toMatchObject(source);
      expect(JSON.stringify(volume)).toContain('{"key":"bundle.pem","path":"ca.crt"}');
    }
  });
  it('is in no store and no job', () => {
    const others = pods.filter((pod) => !trusting.includes(pod));
    expect(others.length).toBeGreaterThan(20);
    expect(JSON.stringify(others.map(({ spec }) => spec))).not.toContain('/run/trust');
  });
  it('is the authority of 1C, whose client reads nothing from the environment', () => {
    const [onec] = pods.filter(({ owner }) => owner === 'Deployment/onec-integration');
    expect(JSON.stringify(onec?.spec)).toContain('{"name":"ONEC_CA_FILE","value":"/run/trust/ca.crt"}');
  });
});

describe('a proxy', () => {
  const way = { cidrs: ['192.0.2.60/32'], ports: [3128] };
  const override: ConfigOverride = {
    proxy: {
      httpProxy: 'http://proxy.example.com:3128',
      httpsProxy: 'http://proxy.example.com:3128',
      noProxy: ['.example.com'],
    },
    egress: { proxy: way, 'identity-provider': { cidrs: ['192.0.2.1/32'] } },
    monitoring: {
      remoteWrite: { url: 'https://metrics.example.com/write' },
      alertmanager: { routes: { critical: ['webhook'] } },
    },
  };
  const objects = render('dev', [override]);
  const variables = (name: string, list: readonly KubeObject[] = objects) => {
    const [container] = find(list, 'Deployment', name).spec.template.spec.containers;
    return Object.fromEntries(
      container.env.map((one: { name: string; value: string }) => [one.name, one.value]),
    );
  };
  it.each(['ai-assistant', 'user-management', 'security'])('%s goes through it', (name) => {
    expect(variables(name)).toMatchObject({
      HTTP_PROXY: 'http://proxy.example.com:3128',
      HTTPS_PROXY: 'http://proxy.example.com:3128',
      https_proxy: 'http://proxy.example.com:3128',
    });
  });
  it('but for the cluster: its own names, namespaces and IPv4 ranges', () => {
    const none = variables('ai-assistant').NO_PROXY?.split(',');
    expect(none).toEqual(
      expect.arrayContaining([
        ...['localhost', '127.0.0.1', '::1', '.svc', '.cluster.local', '.assistants', '.example.com'],
        ...['redis', 'onec-integration', 'onec-integration-pods', 'postgres-ai-assistant', 'model-simulator'],
        ...['10.244.0.0/16', '10.96.0.0/12'],
      ]),
    );
    expect(variables('ai-assistant').no_proxy).toBe(variables('ai-assistant').NO_PROXY);
  });
  it('ranges of IPv6 are left out: httpx fails on them', () => {
    const settings = { onecDeniedNetworks: ['fd00:10::/64', '10.1.0.0/16'] };
    const none = variables('ai-assistant', render('dev', [override, { settings }])).NO_PROXY;
    expect(none).toContain('10.1.0.0/16');
    expect(none).not.toContain('fd00');
  });
  it('is the only way out by HTTP', () => {
    const proxy = { to: [{ ipBlock: { cidr: '192.0.2.60/32' } }], ports: [{ port: 3128, protocol: 'TCP' }] };
    for (const name of ['ai-assistant', 'user-management', 'security', 'prometheus', 'alertmanager']) {
      const { egress } = find(objects, 'NetworkPolicy', name).spec;
      expect(egress, name).toContainEqual(proxy);
      expect(JSON.stringify(egress), name).not.toMatch(/"cidr":"(0\.0\.0\.0\/0|::\/0|192\.0\.2\.1\/32)"/);
    }
  });
  it('is taken by Prometheus and Alertmanager', () => {
    expect(find(objects, 'Prometheus', 'assistants').spec.remoteWrite).toMatchObject([
      { url: 'https://metrics.example.com/write', proxyUrl: 'http://proxy.example.com:3128' },
    ]);
    expect(find(objects, 'AlertmanagerConfig', 'assistants').spec.receivers).toContainEqual(
      expect.objectContaining({
        webhookConfigs: [
          expect.objectContaining({ httpConfig: { proxyUrl: 'http://proxy.example.com:3128' } }),
        ],
      }),
    );
  });
  it('one that policies would not let anything reach is refused', () => {
    expect(() => render('dev', [{ proxy: { httpsProxy: 'http://proxy:3128' } }])).toThrow(
      /^egress\.proxy\.cidrs/,
    );
  });
  it('two sources of authorities are refused', () => {
    expect(() => render('dev', [{ trust: { configMap: 'a', secret: 'b' } }])).toThrow(/^trust\.secret: "b"/);
  });
});

it.each(PLAIN)('$name: there is neither by default', ({ environment, overrides }) => {
  const text = JSON.stringify(render(environment, overrides));
  for (const name of [...VARIABLES, 'HTTP_PROXY', 'NO_PROXY', 'ONEC_CA_FILE', '/run/trust'])
    expect(text.includes(name), name).toBe(false);
});
