/** A CronJob that runs scripts of a ConfigMap: on a schedule, or suspended, as a template for Jobs. */

import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { thirdPartyImage } from '../config/images.ts';
import type { Config } from '../config/schema.ts';
import type { ImageName } from '../config/versions.ts';
import type { Allowance, Component } from '../graph/model.ts';
import { addAccount } from './base.ts';
import { checksum } from './checksum.ts';
import { metadataOf, priorityClass } from './names.ts';
import { environment, podSecurity, resources } from './pod.ts';
import { podTemplate } from './template.ts';

/** A CronJob needs a schedule, even when it is suspended. */
const YEARLY = '@yearly';

export interface ScriptJobProps {
  readonly config: Config;
  readonly component: Component;
  /** In cron's notation, UTC. @default suspended: the command creates Jobs from it */
  readonly schedule?: string;
  /** How late a Job may start, and how many finished ones stay. @default Kubernetes' own */
  readonly limits?: Pick<
    k8s.CronJobSpec,
    'startingDeadlineSeconds' | 'successfulJobsHistoryLimit' | 'failedJobsHistoryLimit'
  >;
  /** Retries after the first attempt. */
  readonly backoffLimit: number;
  /** Seconds after which Kubernetes ends a Job that hangs. */
  readonly deadlineSeconds: number;
  readonly image: ImageName;
  /** User and group. */
  readonly user: number;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The ConfigMap mounted at `/scripts`, and what is in it. */
  readonly scripts: { readonly config: string; readonly files: Readonly<Record<string, string>> };
  readonly volumes: readonly k8s.Volume[];
  readonly mounts: readonly k8s.VolumeMount[];
  readonly cpu: Allowance;
  readonly memory: Allowance;
}

export class ScriptJob extends Construct {
  constructor(scope: Construct, id: string, props: ScriptJobProps) {
    super(scope, id);
    const { config, component, schedule, scripts } = props;
    addAccount(this, config, component);
    new k8s.KubeCronJob(this, 'job', {
      metadata: metadataOf(config, component),
      spec: {
        ...(schedule === undefined ? { schedule: YEARLY, suspend: true } : { schedule }),
        timeZone: 'Etc/UTC',
        concurrencyPolicy: 'Forbid',
        ...props.limits,
        jobTemplate: {
          spec: {
            backoffLimit: props.backoffLimit,
            activeDeadlineSeconds: props.deadlineSeconds,
            template: podTemplate({
              config,
              component,
              annotations: { 'checksum/config': checksum(scripts.files) },
              spec: podSpec(props),
            }),
          },
        },
      },
    });
  }
}

function podSpec({ config, component, image, user, ...props }: ScriptJobProps): k8s.PodSpec {
  return {
    restartPolicy: 'Never',
    priorityClassName: priorityClass(config, 'batch'),
    securityContext: podSecurity(user),
    containers: [
      {
        name: 'job',
        image: thirdPartyImage(config, image),
        command: [...props.command],
        env: environment(props.env),
        resources: resources(config, props.cpu, props.memory),
        volumeMounts: [{ name: 'scripts', mountPath: '/scripts', readOnly: true }, ...props.mounts],
      },
    ],
    volumes: [{ name: 'scripts', configMap: { name: props.scripts.config } }, ...props.volumes],
  };
}
