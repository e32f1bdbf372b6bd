/** Overrides that set every field about pods, objects and networks. */
import type { ConfigOverride } from '../../charts/config/environments.ts';

const term = (key: string) => ({
  matchExpressions: [{ key, operator: 'In' as const, values: ['assistants'] }],
});

export const PODS: ConfigOverride = {
  commonLabels: { team: 'platform' },
  commonAnnotations: { 'example.com/owner': 'platform@example.com' },
  pods: {
    nodeSelector: { pool: 'general', disk: 'hdd' },
    tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'assistants', effect: 'NoSchedule' }],
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term('pool')] } },
    },
    topologySpreadConstraints: [{ topologyKey: 'topology.kubernetes.io/zone' }],
    podLabels: { 'sidecar.istio.io/inject': 'false' },
    podAnnotations: { 'example.com/scan': 'yes' },
    imagePullSecrets: [{ name: 'registry' }],
    priorityClassName: 'company-standard',
    runtimeClassName: 'gvisor',
    extraEnv: [{ name: 'TZ', value: 'UTC' }],
    zones: {
      monitoring: {
        nodeSelector: { pool: 'monitoring' },
        imagePullSecrets: [{ name: 'monitoring-registry' }],
      },
      app: { tolerations: [{ key: 'app', operator: 'Exists' }] },
    },
    components: {
      redis: {
        nodeSelector: { disk: 'ssd' },
        priorityClassName: 'company-critical',
        resources: {
          exporter: { requests: { cpu: '30m', memory: '48Mi' }, limits: { memory: '96Mi' } },
        },
      },
      prometheus: { resources: { 'config-reloader': { limits: { memory: '80Mi' } } } },
      'node-exporter': { resources: { 'node-exporter': { limits: { cpu: '200m' } } } },
      security: { extraEnv: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }] },
    },
  },
};

/** Turns on every part that is off by default. */
export const PARTS: ConfigOverride = {
  logging: { enabled: true },
  monitoring: { enabled: true },
  backups: { enabled: true },
  extras: { loadTest: { enabled: true }, databaseTest: { enabled: true } },
};
