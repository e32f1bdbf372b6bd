/** The files of the pods of Elasticsearch and of its set-up, in a temporary folder, with its own paths and ports. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { ELASTICSEARCH, PORTS } from '../../charts/graph/model.ts';
import type { USERS } from '../../charts/logging/names.ts';
import type { IssuedCertificate } from '../../ops/core/secrets.ts';
import { find, render } from '../support/objects.ts';

const HOME = '/usr/share/elasticsearch';
/** The other settings are those of the pod; of the disk of this machine the tests use a few kilobytes. */
const HERE_ONLY = 'cluster.routing.allocation.disk.threshold_enabled: false\n';

export type Passwords = Readonly<Record<(typeof USERS)[keyof typeof USERS], string>>;
export const passwordsOf = (word: string): Passwords => ({
  elastic: `elastic-${word}`,
  kibana_system: `kibana_system-${word}`,
  logstash_writer: `logstash_writer-${word}`,
  log_reader: `log_reader-${word}`,
});

export interface Ports {
  readonly https: number;
  readonly readiness: number;
}

const objects = render('production');
const filesOf = (name: string): Readonly<Record<string, string>> =>
  find(objects, 'ConfigMap', name).data ?? {};
const { initContainers, containers } = find(objects, 'StatefulSet', ELASTICSEARCH).spec.template.spec;

/** The port of the readiness probe, as the pod names it. */
const readinessPort: number = containers[0].ports.find(
  ({ name }: { name: string }) => name === 'readiness',
).containerPort;

export class Pod {
  readonly folder = mkdtempSync(join(tmpdir(), 'logging-'));
  /** Options of the JVM, and the classes of the server. */
  readonly java: readonly string[];
  readonly #ports: Ports;

  constructor(issued: IssuedCertificate, ports: Ports) {
    this.#ports = ports;
    const laidOut = inject('elasticsearch');
    const classes = `${laidOut}/classes:${laidOut}/lib/*`;
    // The first compiler of the JVM alone: a test ends before the second one pays.
    this.java = ['-XX:TieredStopAtLevel=1', '-cp', classes];
    for (const name of ['home/bin', 'home/data', 'home/config', 'image', 'source', 'secrets', 'setup', 'run'])
      mkdirSync(this.path(name), { recursive: true });
    symlinkSync(join(laidOut, 'modules'), this.path('home/modules'));
    symlinkSync(this.path('secrets'), this.path('home/config/tls'));
    this.#write('home/bin', {
      'elasticsearch-keystore': `#!/bin/sh\nexec java ${this.java.join(' ')} Keystore "$@"\n`,
    });
    chmodSync(this.path('home/bin/elasticsearch-keystore'), 0o755);
    this.#write('source', filesOf(ELASTICSEARCH));
    this.#write('setup', filesOf('logging-setup'));
    this.#write('secrets', {
      'ca.crt': issued.authority,
      'tls.crt': issued.certificate,
      'tls.key': issued.key,
    });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Puts passwords where the Secret of the users is mounted. */
  mount(passwords: Partial<Passwords>): void {
    this.#write('secrets', passwords);
  }

  /** What the first container does: configuration and keystore. */
  prepare(): void {
    const [command, ...args]: string[] = initContainers[0].command.map((word: string) => this.#here(word));
    const env = { PATH: process.env.PATH ?? '', SECRETS_DIR: this.path('secrets') };
    const { status, stderr } = spawnSync(command ?? '', args, { encoding: 'utf8', env });
    if (status !== 0) throw new Error(`prepare: ${stderr}`);
  }

  /** Whether the pod would be ready. */
  ready(): boolean {
    const [command, ...args]: string[] = containers[0].readinessProbe.exec.command.map((word: string) =>
      this.#here(word),
    );
    return spawnSync(command ?? '', args).status === 0;
  }

  #write(folder: string, files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files))
      writeFileSync(
        this.path(join(folder, name)),
        name === 'elasticsearch.yml' ? this.#here(text) + HERE_ONLY : text,
      );
  }

  #here(text: string): string {
    return [
      [`${HOME}/config/. `, `${this.path('image')}/. `],
      [HOME, this.path('home')],
      ['/etc/elasticsearch-source', this.path('source')],
      ['/work', this.path('home/config')],
      [`http.port: ${PORTS.elasticsearch}`, `http.port: ${this.#ports.https}`],
      ['http.host: 0.0.0.0', 'http.host: 127.0.0.1'],
      [String(readinessPort), String(this.#ports.readiness)],
    ].reduce((result, [from = '', to = '']) => result.replaceAll(from, to), text);
  }
}
