/** The parts the pods of logging share: their Secrets, the template they fill in memory, their account. */
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import type { Config } from '../config/schema.ts';
import { checksum } from '../constructs/checksum.ts';
import { componentLabels } from '../constructs/names.ts';
import { type SecretFile, secretVolume } from '../constructs/pod.ts';
import type { Component } from '../graph/model.ts';
import { certificateSecret, SECRETS, USERS_SECRET } from './names.ts';

export const secretsMount: k8s.VolumeMount = { name: 'secrets', mountPath: SECRETS, readOnly: true };

/** Passwords of users, as files of their names. */
export const passwordFiles = (...users: readonly string[]): readonly SecretFile[] =>
  users.map((name) => ({ secret: USERS_SECRET, key: name, path: name }));

/** A component's certificate, key and authority, as files. */
export const certificateFiles = (component: string): readonly SecretFile[] =>
  ['ca.crt', 'tls.crt', 'tls.key'].map((key) => ({ secret: certificateSecret(component), key, path: key }));

export const secretsVolume = (...files: readonly (readonly SecretFile[])[]): k8s.Volume =>
  secretVolume('secrets', files.flat());

/** A shell command with the functions of `secrets.sh`, which lies beside the configuration in `directory`. */
export const withSecrets = (directory: string, ...lines: readonly string[]): string[] => [
  'bash',
  '-euo',
  'pipefail',
  '-c',
  [`source ${directory}/secrets.sh`, 'umask 077', ...lines].join('\n'),
];
export const secretsEnvironment: k8s.EnvVar[] = [{ name: 'SECRETS_DIR', value: SECRETS }];

/** The ServiceAccount and the ConfigMap of a component, which have its name. */
export function addBase(
  scope: Construct,
  config: Config,
  component: Component,
  files: Readonly<Record<string, string>>,
): { readonly labels: Record<string, string>; readonly annotations: Record<string, string> } {
  const { name } = component;
  const labels = componentLabels(config, component);
  new k8s.KubeServiceAccount(scope, `${name}-account`, {
    metadata: { name, labels },
    automountServiceAccountToken: false,
  });
  new k8s.KubeConfigMap(scope, `${name}-config`, { metadata: { name, labels }, data: { ...files } });
  return { labels, annotations: { 'checksum/config': checksum(files) } };
}
