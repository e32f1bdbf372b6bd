/** The platform's Ingress controller, Traefik: it reads the Ingress objects of one namespace and rendered files. */

import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { edgeGrace, uploadSeconds } from '../config/grace.ts';
import { thirdPartyImage } from '../config/images.ts';
import type { Config } from '../config/schema.ts';
import { checksum } from '../constructs/checksum.ts';
import { clusterScoped } from '../constructs/cluster-scoped.ts';
import { addDisruptionBudget } from '../constructs/disruption.ts';
import { componentLabels, namespaceOf, priorityClass } from '../constructs/names.ts';
import type { PlatformChartProps } from '../constructs/platform-chart.ts';
import { podSecurity, resources, scratch, spread, withoutGap } from '../constructs/pod.ts';
import { http, tcp } from '../constructs/probes.ts';
import { podTemplate } from '../constructs/template.ts';
import { componentOf } from '../graph/build.ts';
import { type Component, EDGE, PORTS } from '../graph/model.ts';
import { dynamicConfiguration, waitingMiB } from './dynamic.ts';

/** Any user ID works; this is the distroless images' own. */
const TRAEFIK_USER = 65_532;
/** Lower than any rule: every route wins over the redirect, as answers to ACME challenges must. */
const REDIRECT_PRIORITY = 1;
const DYNAMIC_DIR = '/etc/traefik/dynamic';

/** Only a LoadBalancer Service gets an address to write into Ingress objects. */
const hasAddress = (config: Config): boolean => config.edge.service === 'LoadBalancer';

/** Namespaces Traefik watches. It finds its own Service only in one of them. */
const watched = (config: Config): readonly string[] =>
  (hasAddress(config) ? (['app', 'edge'] as const) : (['app'] as const)).map((zone) =>
    namespaceOf(config, zone),
  );

/** Peers whose X-Forwarded headers or PROXY protocol an entry point trusts. */
function trust({ edge }: Config, entryPoint: string): string[] {
  const list = (option: string, ranges: readonly string[]) =>
    ranges.length > 0 ? [`--entrypoints.${entryPoint}.${option}=${ranges.join(',')}`] : [];
  return [
    ...list('forwardedheaders.trustedips', edge.trustedProxies),
    ...list('proxyprotocol.trustedips', edge.proxyProtocolFrom),
  ];
}

function args(config: Config): string[] {
  const { drain, finish } = edgeGrace(config);
  const lifecycle = (entryPoint: string) => [
    `--entrypoints.${entryPoint}.transport.lifecycle.requestacceptgracetimeout=${drain}s`,
    `--entrypoints.${entryPoint}.transport.lifecycle.gracetimeout=${finish}s`,
  ];
  return [
    '--global.checknewversion=false',
    '--global.sendanonymoususage=false',
    `--entrypoints.web.address=:${PORTS.web}`,
    `--entrypoints.web.http.redirections.entrypoint.to=:${config.edge.httpsPort}`,
    '--entrypoints.web.http.redirections.entrypoint.scheme=https',
    '--entrypoints.web.http.redirections.entrypoint.permanent=true',
    `--entrypoints.web.http.redirections.entrypoint.priority=${REDIRECT_PRIORITY}`,
    `--entrypoints.websecure.address=:${PORTS.websecure}`,
    // Traefik has one time limit for head and body; a client's open connections limit its slow heads.
    `--entrypoints.websecure.transport.respondingtimeouts.readtimeout=${uploadSeconds(config)}s`,
    ...['web', 'websecure'].flatMap((entryPoint) => [
      // Serves Ingress objects that name no entry point, such as a challenge's, here and not on metrics.
      `--entrypoints.${entryPoint}.asdefault=true`,
      ...lifecycle(entryPoint),
      ...trust(config, entryPoint),
    ]),
    `--entrypoints.metrics.address=:${PORTS.edgeMetrics}`,
    '--ping=true',
    '--ping.entrypoint=metrics',
    '--metrics.prometheus=true',
    '--metrics.prometheus.entrypoint=metrics',
    '--metrics.prometheus.addrouterslabels=true',
    `--providers.file.directory=${DYNAMIC_DIR}`,
    '--providers.file.watch=true',
    `--providers.kubernetesingress.namespaces=${watched(config).join(',')}`,
    // Traefik writes its Service's address into Ingress objects: Argo CD and external-dns wait for one.
    ...(hasAddress(config)
      ? [
          `--providers.kubernetesingress.ingressendpoint.publishedservice=${namespaceOf(config, 'edge')}/${EDGE}`,
        ]
      : []),
    `--providers.kubernetesingress.ingressclass=${config.edge.className}`,
    '--providers.kubernetesingress.strictprefixmatching=true',
    // A service with no ready pod answers 503; without this, Traefik drops its route and answers 404.
    '--providers.kubernetesingress.allowemptyservices=true',
    '--log.level=INFO',
    '--log.format=json',
    '--accesslog=true',
    '--accesslog.format=json',
    '--accesslog.fields.headers.defaultmode=drop',
    '--accesslog.fields.headers.names.X-Request-Id=keep',
    '--accesslog.fields.headers.names.User-Agent=keep',
  ];
}

export class Traefik extends Construct {
  constructor(scope: Construct, id: string, { config, topology }: PlatformChartProps) {
    super(scope, id);
    const component = componentOf(topology, EDGE);
    const labels = componentLabels(config, component);
    const selector = { ...component.selector };
    const files = { 'dynamic.yaml': dynamicConfiguration(config, topology.services) };

    new k8s.KubeServiceAccount(this, 'account', { metadata: { name: EDGE, labels } });
    this.addAccess(config, labels);
    new k8s.KubeConfigMap(this, 'config', { metadata: { name: EDGE, labels }, data: files });
    new k8s.KubeDeployment(this, 'deployment', {
      metadata: { name: EDGE, labels },
      spec: {
        replicas: config.edge.replicas,
        revisionHistoryLimit: 5,
        selector: { matchLabels: selector },
        strategy: withoutGap,
        template: podTemplate({
          config,
          component,
          annotations: { 'checksum/config': checksum(files) },
          spec: this.podSpec(config, component, waitingMiB(config, topology.services)),
        }),
      },
    });
    this.addService(config, labels, selector);
    addDisruptionBudget(this, config, component, config.edge.replicas);
  }

  /**
   * Lets Traefik read namespaced objects only in the namespaces it watches. IngressClasses and nodes are the
   * cluster-scoped objects it reads.
   */
  private addAccess(config: Config, labels: Record<string, string>): void {
    const account = { kind: 'ServiceAccount', name: EDGE, namespace: namespaceOf(config, 'edge') };
    const clusterName = `assistants-edge${config.nameSuffix}`;
    clusterScoped(
      new k8s.KubeIngressClass(this, 'class', {
        metadata: { name: config.edge.className },
        spec: { controller: 'traefik.io/ingress-controller' },
      }),
    );
    clusterScoped(
      new k8s.KubeClusterRole(this, 'cluster-role', {
        metadata: { name: clusterName },
        rules: [
          {
            apiGroups: ['networking.k8s.io'],
            resources: ['ingressclasses'],
            verbs: ['get', 'list', 'watch'],
          },
          // Traefik watches nodes for NodePort balancing and does not start without them.
          { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
        ],
      }),
    );
    clusterScoped(
      new k8s.KubeClusterRoleBinding(this, 'cluster-role-binding', {
        metadata: { name: clusterName },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: clusterName },
        subjects: [account],
      }),
    );
    for (const namespace of watched(config)) this.addReader(namespace, labels, account);
  }

  private addReader(namespace: string, labels: Record<string, string>, account: k8s.Subject): void {
    new k8s.KubeRole(this, `role-${namespace}`, {
      metadata: { name: EDGE, namespace, labels },
      rules: [
        { apiGroups: [''], resources: ['services', 'secrets'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: ['networking.k8s.io'], resources: ['ingresses'], verbs: ['get', 'list', 'watch'] },
        { apiGroups: ['networking.k8s.io'], resources: ['ingresses/status'], verbs: ['update'] },
      ],
    });
    new k8s.KubeRoleBinding(this, `role-binding-${namespace}`, {
      metadata: { name: EDGE, namespace, labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: EDGE },
      subjects: [account],
    });
  }

  private podSpec(config: Config, component: Component, scratchMiB: number): k8s.PodSpec {
    const ping = (periodSeconds: number, failureThreshold: number): k8s.Probe =>
      http('/ping', 'metrics', { periodSeconds, timeoutSeconds: 2, failureThreshold });
    return {
      automountServiceAccountToken: true,
      priorityClassName: priorityClass(config, 'critical'),
      terminationGracePeriodSeconds: edgeGrace(config).total,
      securityContext: podSecurity(TRAEFIK_USER),
      ...spread({ ...component.selector }),
      containers: [
        {
          name: EDGE,
          image: thirdPartyImage(config, 'traefik'),
          args: args(config),
          ports: component.ports.map((port) => ({ name: port.name, containerPort: port.number })),
          resources: resources(config, config.edge.cpu, config.edge.memory),
          startupProbe: ping(1, 60),
          readinessProbe: ping(5, 2),
          livenessProbe: tcp('metrics', { periodSeconds: 30 }),
          volumeMounts: [
            { name: 'config', mountPath: DYNAMIC_DIR, readOnly: true },
            // Traefik stores large request bodies here.
            { name: 'tmp', mountPath: '/tmp' },
          ],
        },
      ],
      volumes: [{ name: 'config', configMap: { name: EDGE } }, scratch('tmp', `${scratchMiB}Mi`)],
    };
  }

  private addService(config: Config, labels: Record<string, string>, selector: Record<string, string>): void {
    const { service, nodePorts } = config.edge;
    const port = (name: string, number: number, nodePort: number): k8s.ServicePort => ({
      name,
      port: number,
      targetPort: k8s.IntOrString.fromString(name),
      ...(service === 'NodePort' ? { nodePort } : {}),
    });
    new k8s.KubeService(this, 'service', {
      metadata: { name: EDGE, labels },
      spec: {
        type: service,
        // Keeps the client's address for the rate limits.
        externalTrafficPolicy: 'Local',
        selector,
        ports: [port('web', 80, nodePorts.http), port('websecure', 443, nodePorts.https)],
      },
    });
  }
}
