import { type CasesOf, growing, type Series, still } from './model.ts';

const NS = 'namespace="assistants"';
const POD = `${NS},pod="security-1"`;
const CONTAINER = `${POD},container="security"`;
const pod = { namespace: 'assistants', pod: 'security-1' };
const container = { ...pod, container: 'security' };
const VOLUME = `${NS},persistentvolumeclaim="data"`;
const volume = { namespace: 'assistants', persistentvolumeclaim: 'data' };

export const pods: CasesOf = {
  PodNotReady: {
    fires: {
      at: '15m',
      series: {
        [`kube_pod_status_ready{${POD},condition="false"}`]: still(1),
        [`kube_pod_status_phase{${POD},phase="Running"}`]: still(1),
      },
      alerts: [{ labels: pod }],
    },
    // The pod of a completed backup.
    quiet: {
      at: '15m',
      series: {
        [`kube_pod_status_ready{${POD},condition="false"}`]: still(1),
        [`kube_pod_status_phase{${POD},phase="Succeeded"}`]: still(1),
        [`kube_pod_status_phase{${POD},phase="Running"}`]: still(0),
      },
    },
  },
  PodCrashLoops: {
    fires: {
      at: '15m',
      // The container does not wait while it runs between two restarts, so the series has gaps.
      series: {
        [`kube_pod_container_status_waiting_reason{${CONTAINER},reason="CrashLoopBackOff"}`]:
          '1 _ 1 1 _ 1 1 1 _ _ 1 1 1 1 1 1 1',
      },
      alerts: [{ labels: container }],
    },
    quiet: {
      at: '15m',
      series: {
        [`kube_pod_container_status_waiting_reason{${CONTAINER},reason="ContainerCreating"}`]: still(1),
      },
    },
  },
  ContainerOOMKilled: {
    fires: {
      at: '15m',
      series: {
        [`kube_pod_container_status_restarts_total{${CONTAINER}}`]: growing(1),
        [`kube_pod_container_status_last_terminated_reason{${CONTAINER},reason="OOMKilled"}`]: still(1),
      },
      alerts: [{ labels: container, value: '15' }],
    },
    quiet: [
      {
        at: '15m',
        series: {
          [`kube_pod_container_status_restarts_total{${CONTAINER}}`]: growing(1),
          [`kube_pod_container_status_last_terminated_reason{${CONTAINER},reason="Error"}`]: still(1),
        },
      },
      // The restart was long ago.
      {
        at: '30m',
        series: {
          [`kube_pod_container_status_restarts_total{${CONTAINER}}`]: still(3),
          [`kube_pod_container_status_last_terminated_reason{${CONTAINER},reason="OOMKilled"}`]: still(1),
        },
      },
    ],
  },
  ImagePullFails: {
    fires: {
      at: '10m',
      series: {
        [`kube_pod_container_status_waiting_reason{${CONTAINER},reason="ImagePullBackOff"}`]: still(1),
      },
      alerts: [{ labels: container }],
    },
    quiet: {
      at: '10m',
      series: {
        'kube_pod_container_status_waiting_reason{namespace="others",pod="x",container="x",reason="ImagePullBackOff"}':
          still(1),
      },
    },
  },
};

const DEPLOYMENT = `${NS},deployment="security"`;
const deployment = { namespace: 'assistants', deployment: 'security' };

export const workloads: CasesOf = {
  ReplicasMissing: {
    fires: {
      at: '20m',
      series: {
        [`kube_deployment_spec_replicas{${DEPLOYMENT}}`]: still(3),
        [`kube_deployment_status_replicas_available{${DEPLOYMENT}}`]: still(1),
      },
      alerts: [{ labels: deployment, value: '2' }],
    },
    quiet: {
      at: '20m',
      series: {
        [`kube_deployment_spec_replicas{${DEPLOYMENT}}`]: still(2),
        [`kube_deployment_status_replicas_available{${DEPLOYMENT}}`]: still(2),
      },
    },
  },
  RolloutStuck: {
    fires: {
      at: '10m',
      series: {
        [`kube_deployment_status_condition{${DEPLOYMENT},condition="Progressing",status="false"}`]: still(1),
      },
      alerts: [{ labels: deployment }],
    },
    quiet: {
      at: '10m',
      series: {
        [`kube_deployment_status_condition{${DEPLOYMENT},condition="Progressing",status="true"}`]: still(1),
        [`kube_deployment_status_condition{${DEPLOYMENT},condition="Progressing",status="false"}`]: still(0),
      },
    },
  },
  StorePodsMissing: {
    fires: {
      at: '10m',
      series: {
        [`kube_statefulset_replicas{${NS},statefulset="redis"}`]: still(1),
        [`kube_statefulset_status_replicas_ready{${NS},statefulset="redis"}`]: still(0),
      },
      alerts: [{ labels: { namespace: 'assistants', statefulset: 'redis' }, value: '1' }],
    },
    quiet: {
      at: '10m',
      series: {
        [`kube_statefulset_replicas{${NS},statefulset="redis"}`]: still(1),
        [`kube_statefulset_status_replicas_ready{${NS},statefulset="redis"}`]: '0+0x3 1+0x20',
      },
    },
  },
  VolumeClaimPending: {
    fires: {
      at: '20m',
      series: { [`kube_persistentvolumeclaim_status_phase{${VOLUME},phase="Pending"}`]: still(1) },
      alerts: [{ labels: volume }],
    },
    quiet: {
      at: '20m',
      series: { [`kube_persistentvolumeclaim_status_phase{${VOLUME},phase="Bound"}`]: still(1) },
    },
  },
  AutoscalerAtItsEnd: {
    fires: {
      at: '40m',
      series: {
        [`kube_horizontalpodautoscaler_status_current_replicas{${NS},horizontalpodautoscaler="security"}`]:
          still(5),
        [`kube_horizontalpodautoscaler_spec_max_replicas{${NS},horizontalpodautoscaler="security"}`]:
          still(5),
      },
      alerts: [{ labels: { namespace: 'assistants', horizontalpodautoscaler: 'security' }, value: '5' }],
    },
    quiet: {
      at: '40m',
      series: {
        [`kube_horizontalpodautoscaler_status_current_replicas{${NS},horizontalpodautoscaler="security"}`]:
          still(4),
        [`kube_horizontalpodautoscaler_spec_max_replicas{${NS},horizontalpodautoscaler="security"}`]:
          still(5),
      },
    },
  },
};

const space = (available: string): Series => ({
  [`kubelet_volume_stats_available_bytes{${VOLUME}}`]: available,
  [`kubelet_volume_stats_capacity_bytes{${VOLUME}}`]: still(100, 900),
});
const periods = (throttled: number): Series => ({
  [`container_cpu_cfs_throttled_periods_total{${CONTAINER}}`]: growing(throttled),
  [`container_cpu_cfs_periods_total{${CONTAINER}}`]: growing(600),
});
const memory = (used: number, limit: number): Series => ({
  [`container_memory_working_set_bytes{${CONTAINER}}`]: still(used),
  [`container_spec_memory_limit_bytes{${CONTAINER}}`]: still(limit),
});

export const containers: CasesOf = {
  VolumeFills: {
    fires: { at: '20m', series: space(still(10)), alerts: [{ labels: volume, value: '10%' }] },
    quiet: { at: '20m', series: space(still(20)) },
  },
  VolumeAlmostFull: {
    fires: { at: '10m', series: space(still(2)), alerts: [{ labels: volume, value: '2%' }] },
    quiet: { at: '10m', series: space(still(5)) },
  },
  VolumeFullSoon: {
    // A hundredth of the volume every 30 minutes: the remaining 32 last 16 hours.
    fires: {
      at: '9h',
      every: '10m',
      series: space('50-0.03333333333x600'),
      alerts: [{ labels: volume, value: '32%' }],
    },
    quiet: { at: '9h', every: '10m', series: space(still(32, 600)) },
  },
  VolumeOutOfInodes: {
    fires: {
      at: '20m',
      series: {
        [`kubelet_volume_stats_inodes_free{${VOLUME}}`]: still(5),
        [`kubelet_volume_stats_inodes{${VOLUME}}`]: still(100),
      },
      alerts: [{ labels: volume, value: '5%' }],
    },
    quiet: {
      at: '20m',
      series: {
        [`kubelet_volume_stats_inodes_free{${VOLUME}}`]: still(50),
        [`kubelet_volume_stats_inodes{${VOLUME}}`]: still(100),
      },
    },
  },
  CpuThrottled: {
    fires: { at: '25m', series: periods(360), alerts: [{ labels: container, value: '60%' }] },
    quiet: { at: '25m', series: periods(120) },
  },
  MemoryNearLimit: {
    fires: { at: '20m', series: memory(95, 100), alerts: [{ labels: container, value: '95%' }] },
    quiet: [
      { at: '20m', series: memory(80, 100) },
      // A container without a limit cannot be near it.
      { at: '20m', series: memory(95, 0) },
    ],
  },
};
