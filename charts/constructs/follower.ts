/** A container beside a server that tells it of changed Secrets: the server itself reads them at its start only. */
import type { k8s } from 'cdk8s-plus-28';
import { thirdPartyImage } from '../config/images.ts';
import type { Config } from '../config/schema.ts';
import type { ImageName } from '../config/versions.ts';
import { containerSecurity, resources, SMALL } from './pod.ts';

export const FOLLOWER = 'follow-secrets';

export interface FollowerProps {
  readonly config: Config;
  /** The server's own, which has its client. */
  readonly image: ImageName;
  readonly command: string[];
  /** @default none */
  readonly env?: k8s.EnvVar[];
  readonly volumeMounts: k8s.VolumeMount[];
}

export const follower = ({ config, image, ...rest }: FollowerProps): k8s.Container => ({
  name: FOLLOWER,
  image: thirdPartyImage(config, image),
  imagePullPolicy: 'IfNotPresent',
  resources: resources(config, SMALL.cpu, SMALL.memory),
  securityContext: containerSecurity,
  ...rest,
});
