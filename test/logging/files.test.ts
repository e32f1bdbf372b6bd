/** The files of Logstash, Kibana, Elasticsearch and Filebeat parse, and every path and name in them exists. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, describe, expect, it } from 'vitest';
import { bytesOf } from '../../charts/config/quantity.ts';
import { namespaceOf, zonesOf } from '../../charts/constructs/names.ts';
import { SECRETS_SCRIPT } from '../../charts/logging/filter-rules.ts';
import { configOf, find, type KubeObject, render, root } from '../support/objects.ts';

const objects = render('staging');
const config = configOf('staging');
const filesOf = (name: string): Readonly<Record<string, string>> =>
  find(objects, 'ConfigMap', name).data ?? {};
const yamlOf = (name: string, file: string) =>
  load(filesOf(name)[file] ?? '') as Readonly<Record<string, unknown>>;
const workload = (name: string): KubeObject => {
  const found = objects.find(
    ({ kind, metadata }) =>
      metadata.name === name && ['StatefulSet', 'Deployment', 'DaemonSet'].includes(kind),
  );
  if (!found) throw new Error(`no workload ${name}`);
  return found;
};

interface Mount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}
interface Source {
  readonly secret: { readonly items: readonly { readonly path: string }[] };
}
interface PodVolume {
  readonly name: string;
  readonly configMap?: { readonly name: string };
  readonly projected?: { readonly sources: readonly Source[] };
}

/** Files a workload's main container finds, from ConfigMaps and Secrets. */
function mountedFiles(name: string): readonly string[] {
  const { spec } = workload(name).spec.template;
  const volumes: readonly PodVolume[] = spec.volumes;
  const mounts: readonly Mount[] = spec.containers[0].volumeMounts;
  return mounts.flatMap((mount) => {
    const { configMap, projected } = volumes.find((volume) => volume.name === mount.name) ?? { name: '' };
    const names = [
      ...Object.keys(configMap ? filesOf(configMap.name) : {}),
      ...(projected?.sources ?? []).flatMap(({ secret }) => secret.items.map(({ path }) => path)),
    ];
    return names.map((file) => `${mount.mountPath}/${file}`);
  });
}

/** `[name, [settings]]` of the parser, as an object. */
type Tree = readonly [string, readonly unknown[]];
const isTree = (value: unknown): value is Tree =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && Array.isArray(value[1]);
const settingsOf = (items: readonly unknown[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(items.filter(isTree).map(([name, [value]]) => [name, value]));

function parse(pipeline: string) {
  return spawnSync(root('.venv/bin/python'), [root('test/logging/pipeline.py')], {
    input: pipeline,
    encoding: 'utf8',
  });
}

/** Settings of the plugins, by their documentation for 8.19; an unknown one keeps Logstash from starting. */
const PLUGINS: Readonly<Record<string, readonly string[]>> = {
  beats: [
    'id',
    'port',
    'enrich',
    'ssl_enabled',
    'ssl_certificate',
    'ssl_key',
    'ssl_certificate_authorities',
    'ssl_client_authentication',
  ],
  ruby: ['id', 'path', 'script_params', 'tag_on_exception'],
  drop: ['id'],
  elasticsearch: [
    'id',
    'hosts',
    'user',
    'password',
    'ssl_enabled',
    'ssl_certificate_authorities',
    'data_stream',
    'data_stream_type',
    'data_stream_dataset',
    'data_stream_namespace',
    'data_stream_auto_routing',
  ],
};

describe('the pipeline of Logstash', () => {
  const text = filesOf('logstash')['main.conf'] ?? '';
  const tree: readonly Tree[] = JSON.parse(parse(text).stdout);
  const section = (name: string): readonly Tree[] =>
    (tree.find(([found]) => found === name)?.[1] ?? []).filter(isTree);
  const plugin = (part: string, name: string) =>
    settingsOf(section(part).find(([found]) => found === name)?.[1] ?? []);

  it('is parsed by the grammar of Logstash: one input, the filter and its guard, one output', () => {
    expect(tree.map(([name]) => name)).toEqual(['input', 'filter', 'output']);
    expect(tree.map(([name]) => section(name).map(([found]) => found))).toEqual([
      ['beats'],
      ['ruby', 'if'],
      ['elasticsearch'],
    ]);
    expect(JSON.stringify(section('filter')[1])).toBe(
      '["if",[["_not_normalized","in","[tags]"],[[["drop",[["id",["not_normalized"]]]]]]]]',
    );
  });
  it('the parser would find a mistake', () => {
    expect(parse(text.replace('["none"]', '["none"')).status).not.toBe(0);
    expect(parse(text.replace('output {', 'output')).status).not.toBe(0);
  });
  it('has settings its plugins have', () => {
    for (const [part, name] of [
      ['input', 'beats'],
      ['filter', 'ruby'],
      ['output', 'elasticsearch'],
    ] as const)
      expect(PLUGINS[name]).toEqual(expect.arrayContaining(Object.keys(plugin(part, name))));
  });
  it('names files that are mounted', () => {
    const files = mountedFiles('logstash');
    const paths = [...text.matchAll(/"(\/[^"]+)"/g)].map(([, path]) => path);
    expect(paths.length).toBeGreaterThanOrEqual(6);
    for (const path of paths) expect(files).toContain(path);
  });
  it('speaks TLS on both sides, asks Filebeat for its certificate, marks what it could not mask', () => {
    expect(plugin('input', 'beats')).toMatchObject({
      port: 5044,
      ssl_enabled: true,
      ssl_client_authentication: 'required',
    });
    expect(plugin('output', 'elasticsearch')).toMatchObject({
      hosts: ['https://elasticsearch:9200'],
      ssl_enabled: true,
      data_stream_namespace: 'staging',
    });
    expect(plugin('filter', 'ruby')).toMatchObject({ tag_on_exception: '_not_normalized' });
  });
  it('keeps lines on its volume, those refused too, and no more than fits', () => {
    const settings = yamlOf('logstash', 'logstash.yml');
    expect(settings).toMatchObject({ 'queue.type': 'persisted', 'dead_letter_queue.enable': true });
    const claim = find(objects, 'PersistentVolumeClaim', 'data-logstash-0');
    expect(claim.spec.resources.requests.storage).toBe('2Gi');
    const megabytes = ['queue.max_bytes', 'dead_letter_queue.max_bytes'].map((name) =>
      Number.parseInt(String(settings[name]), 10),
    );
    expect(megabytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(1024);
    const mounts: readonly Mount[] = workload('logstash').spec.template.spec.containers[0].volumeMounts;
    expect(mounts).toContainEqual({ name: 'data', mountPath: settings['path.data'] });
  });
});

/** Seconds of a duration such as `1s` or `15m`. */
function secondsOf(duration = ''): number {
  const [, count, unit] = /^(\d+)([sm])$/.exec(duration) ?? [];
  if (count === undefined) throw new Error(`${duration}: is no duration`);
  return Number(count) * (unit === 'm' ? 60 : 1);
}

describe('Filebeat', () => {
  const settings = yamlOf('filebeat', 'filebeat.yml');
  const [input] = settings['filebeat.inputs'] as readonly {
    readonly paths: readonly string[];
    readonly 'prospector.scanner.exclude_files': readonly string[];
    readonly 'prospector.scanner.fingerprint': { readonly enabled: boolean };
    readonly 'prospector.scanner.check_interval': string;
    readonly 'close.on_state_change.removed': boolean;
    readonly 'close.on_state_change.inactive': string;
    readonly backoff: { readonly init: string; readonly max: string };
    readonly clean_removed: boolean;
  }[];
  /** A glob of Filebeat as a regular expression. */
  const reads = (path: string): boolean =>
    (input?.paths ?? []).some((glob) =>
      new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`).test(path),
    ) &&
    !(input?.['prospector.scanner.exclude_files'] ?? []).some((excluded) => new RegExp(excluded).test(path));
  const file = (namespace: string, name = '0.log') =>
    `/var/log/pods/${namespace}_redis-0_5d0ff9c1-18f6-4a2b-9b60-a2a0c7a31111/redis/${name}`;

  it('reads every namespace of the environment and no other', () => {
    for (const zone of zonesOf(config)) expect(reads(file(namespaceOf(config, zone)))).toBe(true);
    for (const other of ['assistants', 'assistants-edge', 'kube-system', 'assistants-staging-two'])
      expect(reads(file(other)), other).toBe(false);
  });
  it('reads a file to its end when the kubelet has put it aside, and never one that it has compressed', () => {
    expect(reads(file('assistants-staging', '0.log.20261125-101010'))).toBe(true);
    expect(reads(file('assistants-staging', '0.log.20261125-101010.gz'))).toBe(false);
    expect(reads(file('assistants-staging', '0.log.20261125-101010.tmp'))).toBe(false);
  });
  it('knows a file by its inode, so that neither its size nor its name matters', () => {
    // Filebeat refuses a fingerprint of less than 64 bytes and leaves shorter files alone.
    expect(input?.['prospector.scanner.fingerprint'].enabled).toBe(false);
    expect(Object.keys(input ?? {}).filter((name) => name.startsWith('file_identity.'))).toEqual([
      'file_identity.native',
    ]);
  });
  it('reads on when a file is deleted, for longer than Logstash takes to start', () => {
    // https://elastic.co/docs/reference/beats/filebeat/kubernetes-autodiscover: 8.x has to be told.
    expect(input?.['close.on_state_change.removed']).toBe(false);
    const { periodSeconds, failureThreshold } =
      workload('logstash').spec.template.spec.containers[0].startupProbe;
    const open = secondsOf(input?.['close.on_state_change.inactive']);
    expect(open).toBeGreaterThan(periodSeconds * failureThreshold);
  });
  it('forgets a deleted file and finds a new one before the inode of the one is that of the other', () => {
    expect(input?.clean_removed).toBe(true);
    // The least that the documentation recommends, and the order it demands.
    const interval = secondsOf(input?.['prospector.scanner.check_interval']);
    expect(interval).toBe(1);
    expect(secondsOf(input?.backoff.init)).toBeLessThanOrEqual(secondsOf(input?.backoff.max));
    expect(secondsOf(input?.backoff.max)).toBeLessThanOrEqual(interval);
  });
  it('ships to the Service of Logstash, with files that are mounted', () => {
    const output = settings['output.logstash'] as Readonly<Record<string, unknown>>;
    expect(output.hosts).toEqual(['logstash.assistants-logging-staging.svc:5044']);
    expect(find(objects, 'Service', 'logstash').spec.ports).toContainEqual({
      name: 'beats',
      port: 5044,
      targetPort: 'beats',
    });
    const paths = [
      output['ssl.certificate_authorities'],
      output['ssl.certificate'],
      output['ssl.key'],
    ].flat();
    for (const path of paths) expect(mountedFiles('filebeat')).toContain(path);
  });
  it('knows nothing of the Kubernetes API', () => {
    expect(JSON.stringify(find(objects, 'NetworkPolicy', 'filebeat').spec.egress)).not.toContain('ipBlock');
    expect(objects.filter(({ kind, metadata }) => kind === 'Role' && metadata.name === 'filebeat')).toEqual(
      [],
    );
  });
  it('writes into its folder of the node, and into memory', () => {
    const mounts: readonly Mount[] = workload('filebeat').spec.template.spec.containers[0].volumeMounts;
    expect(mounts.filter(({ readOnly }) => !readOnly)).toEqual([
      { name: 'run', mountPath: '/run/filebeat' },
      { name: 'data', mountPath: settings['path.data'] },
    ]);
  });
});

describe('Elasticsearch and Kibana', () => {
  it('Elasticsearch needs no sysctl, binds its transport to itself and names certificates that are mounted', () => {
    const settings = yamlOf('elasticsearch', 'elasticsearch.yml');
    expect(settings).toMatchObject({
      'discovery.type': 'single-node',
      'node.store.allow_mmap': false,
      'transport.host': '127.0.0.1',
      'xpack.security.enabled': true,
      'xpack.security.http.ssl.enabled': true,
    });
    const files = Object.entries(settings)
      .filter(([name]) => /ssl\.(certificate|key)/.test(name))
      .flatMap(([, value]) => value);
    expect(files).toHaveLength(3);
    for (const path of files) expect(mountedFiles('elasticsearch')).toContain(path);
  });
  it('Kibana names certificates that are mounted and a user of Elasticsearch', () => {
    const settings = yamlOf('kibana', 'kibana.yml');
    const files = [
      settings['server.ssl.certificate'],
      settings['server.ssl.key'],
      settings['elasticsearch.ssl.certificateAuthorities'],
    ].flat();
    for (const path of files) expect(mountedFiles('kibana')).toContain(path);
    expect(settings['elasticsearch.username']).toBe('kibana_system');
  });
  it('heaps leave as much again in their limits, Node.js half', () => {
    const limit = (name: string): number =>
      bytesOf(workload(name).spec.template.spec.containers[0].resources.limits.memory) / 2 ** 20;
    const heap = (pattern: RegExp): number => Number(pattern.exec(JSON.stringify(objects))?.[1]);
    expect(limit('elasticsearch')).toBeGreaterThanOrEqual(2 * heap(/-Xms512m\\n-Xmx(\d+)m/));
    expect(limit('logstash')).toBeGreaterThanOrEqual(2 * heap(/-Xms512m -Xmx(\d+)m/));
    expect(limit('kibana')).toBeGreaterThanOrEqual(1.5 * heap(/--max-old-space-size=(\d+)/));
  });
});

describe('secrets are filled in when a pod starts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fill-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'secrets'));
  writeFileSync(join(folder, 'secrets.sh'), SECRETS_SCRIPT);
  const secret = (name: string, value: string) => writeFileSync(join(folder, 'secrets', name), value);
  function fill(template: string) {
    writeFileSync(join(folder, 'template'), template);
    return spawnSync('bash', ['-euc', `source ${folder}/secrets.sh; fill ${folder}/template`], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '', SECRETS_DIR: join(folder, 'secrets') },
    });
  }

  it('into the pipeline and into the settings of Kibana, which parse as before', () => {
    for (const name of ['logstash_writer', 'kibana_system', 'session', 'saved-objects'])
      secret(name, `${name}-1.~_`);
    const pipeline = fill(filesOf('logstash')['main.conf'] ?? '');
    expect(pipeline.stdout).toContain('password => "logstash_writer-1.~_"');
    expect(parse(pipeline.stdout).status).toBe(0);
    const kibana = load(fill(filesOf('kibana')['kibana.yml'] ?? '').stdout) as Readonly<
      Record<string, unknown>
    >;
    expect(kibana).toMatchObject({
      'elasticsearch.password': 'kibana_system-1.~_',
      'xpack.security.encryptionKey': 'session-1.~_',
      'xpack.encryptedSavedObjects.encryptionKey': 'saved-objects-1.~_',
    });
  });
  it.each([
    ['a quote in it', 'password: "@odd@"', 'quote"', 'secret odd: is empty or has a character'],
    ['nothing in it', 'password: "@odd@"', '', 'secret odd: is empty or has a character'],
    ['no such secret', 'password: "@other@"', 'x', 'there is no secret for @other@'],
  ])('or refused: %s', (_, template, value, message) => {
    secret('odd', value);
    const { status, stdout, stderr } = fill(template);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
  });
  it('a sign that is special to the shell stays what it is', () => {
    secret('odd', 'a+b=c/d');
    expect(fill('x @odd@ $HOME `id` & y').stdout).toBe('x a+b=c/d $HOME `id` & y\n');
  });
});

describe('the commands that prepare', () => {
  const names = ['elastic', 'logstash_writer', 'kibana_system', 'session', 'saved-objects'];

  /** Runs the rendered command in a temporary file system. */
  function prepare(name: string, secrets: readonly string[]) {
    const pod = mkdtempSync(join(tmpdir(), 'prepare-'));
    const { initContainers = [], containers } = workload(name).spec.template.spec;
    const [, ...args]: string[] = [...initContainers, ...containers].find(
      ({ command }: { command?: readonly string[] }) => command?.at(-1)?.includes('secrets.sh'),
    ).command;
    const source = /source (\S+)\/secrets\.sh/.exec(args.at(-1) ?? '')?.[1] ?? '';
    const mounted = '/run/secrets/logging';
    for (const folder of [source, `/run/${name}`, '/work', mounted, '/usr/share/elasticsearch/config'])
      mkdirSync(join(pod, folder), { recursive: true });
    for (const program of ['/usr/share/logstash/bin/logstash', '/usr/local/bin/kibana-docker']) {
      mkdirSync(dirname(join(pod, program)), { recursive: true });
      writeFileSync(join(pod, program), '#!/bin/sh\n', { mode: 0o755 });
    }
    mkdirSync(join(pod, '/usr/share/elasticsearch/bin'));
    const keystore = 'if [ "$1" = add ]; then cat > /dev/null; fi';
    const tool = join(pod, '/usr/share/elasticsearch/bin/elasticsearch-keystore');
    writeFileSync(tool, `#!/bin/sh\n${keystore}\n`, { mode: 0o755 });
    for (const [file, text] of Object.entries(filesOf(name))) writeFileSync(join(pod, source, file), text);
    for (const secret of ['tls.key', ...secrets]) writeFileSync(join(pod, mounted, secret), 'fine');
    const here = (text: string): string =>
      text.replaceAll(/(?<=^|\s)\/(?=etc|run|work|usr\/(?:share|local))/gm, `${pod}/`);
    const env = { PATH: process.env.PATH ?? '', SECRETS_DIR: join(pod, mounted) };
    const { status, stderr } = spawnSync('bash', args.map(here), { encoding: 'utf8', env });
    rmSync(pod, { recursive: true });
    return { status, stderr };
  }

  it.each(['elasticsearch', 'logstash', 'kibana'])('%s fails without its secrets', (name) => {
    expect(prepare(name, names)).toMatchObject({ status: 0 });
    expect(prepare(name, [])).toEqual({ status: 1, stderr: expect.stringMatching(/secret/) });
  });
});
