/** Every image and bundle version, once. Change a version here; `npm run synth` writes it everywhere. */
import release from '../../package.json' with { type: 'json' };

/** Third-party images the manifests run, by purpose. */
export const IMAGES = {
  /** Keep the Debian release: another sorts text differently and breaks indexes until they are rebuilt. */
  postgres: 'docker.io/library/postgres:15.19-trixie',
  redis: 'docker.io/library/redis:7.4.9',
  postgresExporter: 'quay.io/prometheuscommunity/postgres-exporter:v0.17.1',
  redisExporter: 'docker.io/oliver006/redis_exporter:v1.74.0',
  k6: 'docker.io/grafana/k6:1.8.1',
  traefik: 'docker.io/library/traefik:v3.6.21',
  prometheus: 'quay.io/prometheus/prometheus:v3.16.0',
  alertmanager: 'quay.io/prometheus/alertmanager:v0.28.1',
  /** Must be the operator's version: see BUNDLES. */
  prometheusConfigReloader: 'quay.io/prometheus-operator/prometheus-config-reloader:v0.85.0',
  nodeExporter: 'quay.io/prometheus/node-exporter:v1.12.1',
  kubeStateMetrics: 'registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.17.0',
  grafana: 'docker.io/grafana/grafana:12.2.0',
  elasticsearch: 'docker.elastic.co/elasticsearch/elasticsearch:8.19.21',
  logstash: 'docker.elastic.co/logstash/logstash:8.19.21',
  kibana: 'docker.elastic.co/kibana/kibana:8.19.21',
  filebeat: 'docker.elastic.co/beats/filebeat:8.19.21',
  /** Instances of the cloudnative-pg engine. */
  cloudNativePg: 'ghcr.io/cloudnative-pg/postgresql:15.19-standard-trixie',
} as const;
export type ImageName = keyof typeof IMAGES;

/** Cluster prerequisites: the file name in an air-gapped folder, and the address otherwise. */
export const BUNDLES = {
  prometheusOperator: {
    file: 'prometheus-operator-v0.85.0.yaml',
    url: 'https://github.com/prometheus-operator/prometheus-operator/releases/download/v0.85.0/bundle.yaml',
  },
  metricsServer: {
    file: 'metrics-server-v0.9.0.yaml',
    url: 'https://github.com/kubernetes-sigs/metrics-server/releases/download/v0.9.0/components.yaml',
  },
  certManager: {
    file: 'cert-manager-v1.21.2.yaml',
    url: 'https://github.com/cert-manager/cert-manager/releases/download/v1.21.2/cert-manager.yaml',
  },
  cloudNativePg: {
    file: 'cloudnative-pg-v1.30.0.yaml',
    url: 'https://github.com/cloudnative-pg/cloudnative-pg/releases/download/v1.30.0/cnpg-1.30.0.yaml',
  },
  /** The plugin of CloudNativePG that archives and backs up. */
  barmanCloud: {
    file: 'barman-cloud-v0.15.0.yaml',
    url: 'https://github.com/cloudnative-pg/plugin-barman-cloud/releases/download/v0.15.0/manifest.yaml',
  },
  externalSecrets: {
    file: 'external-secrets-v2.9.0.yaml',
    url: 'https://github.com/external-secrets/external-secrets/releases/download/v2.9.0/external-secrets.yaml',
  },
} as const;
export type BundleName = keyof typeof BUNDLES;

/** Scans images for vulnerabilities where `trivy` is not on PATH. */
export const TRIVY_IMAGE = 'docker.io/aquasec/trivy:0.74.0';

/** Kubernetes minors that validate every manifest: the oldest supported, and the three upstream supports. */
export const KUBERNETES_VERSIONS = ['1.28', '1.35', '1.36', '1.37'] as const;

/** Version of the platform and of the images built from this repository; `npm version` changes it. */
export const PLATFORM_VERSION = release.version;
