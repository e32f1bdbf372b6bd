/** A controller that is not the platform's, in its own namespace: another Traefik, for Ingress and the Gateway API. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { thirdPartyImage } from '../../charts/config/images.ts';
import { apply, config, kubectl } from '../e2e/support.ts';
import { OUTSIDE } from './edge-support.ts';

export const CLASS = 'foreign';
export const LABELS = { app: 'foreign-controller' } as const;
export const GATEWAY = { name: 'shared', httpListener: 'http', httpsListener: 'https' } as const;
const NAME = 'foreign-controller';
const API = { module: 'sigs.k8s.io/gateway-api', version: 'v1.4.0' };

const READ = ['get', 'list', 'watch'];
const rules = [
  {
    apiGroups: [''],
    resources: ['services', 'secrets', 'nodes', 'namespaces', 'configmaps'],
    verbs: READ,
  },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'ingressclasses'], verbs: READ },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses/status'], verbs: ['update'] },
  { apiGroups: ['gateway.networking.k8s.io'], resources: ['*'], verbs: [...READ, 'update', 'patch'] },
];

/** Installs the definitions of the Gateway API, from its Go module. */
export function installGatewayApi(): void {
  const scratch = mkdtempSync(`${tmpdir()}/gateway-api-`);
  const args = ['mod', 'download', '-json', `${API.module}@${API.version}`];
  const { Dir } = JSON.parse(execFileSync('go', args, { encoding: 'utf8', cwd: scratch }));
  kubectl('apply', '--server-side', '-f', `${Dir}/config/crd/standard`);
}

/** Creates the controller's classes, access rights and Deployment. */
export function startForeignController(): void {
  const metadata = { name: NAME, namespace: OUTSIDE };
  const args = [
    '--entrypoints.web.address=:8000',
    '--entrypoints.websecure.address=:8443',
    '--entrypoints.websecure.http.tls=true',
    '--ping=true',
    `--providers.kubernetesingress.ingressclass=${CLASS}`,
    '--providers.kubernetesgateway=true',
    '--log.level=INFO',
  ];
  apply(
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: NAME }, rules },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: NAME },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
      subjects: [{ kind: 'ServiceAccount', name: NAME, namespace: OUTSIDE }],
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: { name: CLASS },
      spec: { controller: 'traefik.io/ingress-controller' },
    },
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: CLASS },
      spec: { controllerName: 'traefik.io/gateway-controller' },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        selector: { matchLabels: LABELS },
        template: {
          metadata: { labels: LABELS },
          spec: {
            serviceAccountName: NAME,
            containers: [
              {
                name: NAME,
                image: thirdPartyImage(config, 'traefik'),
                imagePullPolicy: 'IfNotPresent',
                args,
                readinessProbe: {
                  httpGet: { path: '/ping', port: 8080 },
                  periodSeconds: 1,
                  failureThreshold: 60,
                },
              },
            ],
          },
        },
      },
    },
  );
  kubectl('rollout', 'status', '-n', OUTSIDE, `deploy/${NAME}`, '--timeout=120s');
}

/** Publishes the controller on the node ports of our own edge, whose Service must be gone. */
export function openForeignController(): void {
  const { http, https } = config.edge.nodePorts;
  apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: NAME, namespace: OUTSIDE },
    spec: {
      type: 'NodePort',
      selector: LABELS,
      ports: [
        { name: 'web', port: 80, targetPort: 8000, nodePort: http },
        { name: 'websecure', port: 443, targetPort: 8443, nodePort: https },
      ],
    },
  });
}

/** Creates the Gateway of the cluster's owner; its HTTPS listener uses a certificate of the platform's namespace. */
export function makeGateway(secret: string, from: string): void {
  const listener = { allowedRoutes: { namespaces: { from: 'All' } } };
  apply({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: GATEWAY.name, namespace: OUTSIDE },
    spec: {
      gatewayClassName: CLASS,
      listeners: [
        { ...listener, name: GATEWAY.httpListener, protocol: 'HTTP', port: 8000 },
        {
          ...listener,
          name: GATEWAY.httpsListener,
          protocol: 'HTTPS',
          port: 8443,
          tls: { certificateRefs: [{ name: secret, namespace: from }] },
        },
      ],
    },
  });
}
