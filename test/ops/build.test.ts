/** Building, pushing, weighing and scanning images: what is planned, and what is refused. */

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORM_VERSION, TRIVY_IMAGE } from '../../charts/config/versions.ts';
import { SERVICES } from '../../charts/topology.ts';
import {
  buildArguments,
  checkBuilder,
  checkRegistry,
  digestOf,
  digestValues,
  type ImageBuild,
  parseBuilder,
  parseLabels,
  parsePlatforms,
} from '../../ops/core/build-plan.ts';
import { parseValues } from '../../ops/core/overrides.ts';
import { parseReport, parseSeverities, scanArguments, tally } from '../../ops/core/scan.ts';
import { commandLine } from '../support/command.ts';
import { configOf } from '../support/objects.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const [SPEC = never()] = SERVICES.filter(({ name }) => name === 'security');
const SECURITY: ImageBuild = { image: 'security', reference: 'r.example/security:1', spec: SPEC };

function never(): never {
  throw new Error('no such service');
}

const inspected = (driver: string, platforms: string): string =>
  `Name:          builder\nDriver:        ${driver}\n\nNodes:\nName:      builder0\nPlatforms: ${platforms}\n`;

describe('a builder', () => {
  const daemon = parseBuilder(
    inspected('docker', 'linux/amd64, linux/386'),
    '[["Backing Filesystem","extfs"]]',
  );
  const container = parseBuilder(inspected('docker-container', 'linux/arm64*, linux/amd64'), '[]');
  const both = ['linux/amd64', 'linux/arm64'];

  it('is read from what buildx prints', () => {
    expect(daemon).toEqual({
      name: 'builder',
      driver: 'docker',
      platforms: ['linux/amd64', 'linux/386'],
      containerd: false,
    });
    expect(container.platforms).toEqual(['linux/arm64', 'linux/amd64']);
    expect(parseBuilder('', '[["driver-type","io.containerd.snapshotter.v1"]]').containerd).toBe(true);
  });
  it('has the platforms of all its nodes', () => {
    const text = `${inspected('docker-container', 'linux/amd64')}\nName: other\nPlatforms: linux/arm64, linux/amd64\n`;
    expect(parseBuilder(text, '[]').platforms).toEqual(both);
  });
  it.each([
    [{ platforms: both }, 'cannot build for several platforms (linux/amd64, linux/arm64); make one'],
    [{ cacheTo: 'r.example/cache' }, 'cannot write its cache to "r.example/cache"'],
    [{ attest: true }, 'cannot attach a bill of materials'],
    [{ platforms: ['linux/arm64'] }, 'cannot build for linux/arm64, only for linux/amd64, linux/386'],
  ])('of the daemon refuses %j', (use, message) => {
    expect(() => checkBuilder('build', daemon, use)).toThrow(message);
  });
  it('of its own, or with containerd, does all that', () => {
    const use = { platforms: both, cacheTo: 'r.example/cache', attest: true };
    checkBuilder('build', container, use);
    checkBuilder('build', { ...daemon, containerd: true, platforms: both }, use);
  });
  it('refuses what is no platform', () => {
    expect(parsePlatforms('linux/amd64, linux/arm64,linux/amd64')).toEqual(both);
    expect(parsePlatforms('linux/arm/v7')).toEqual(['linux/arm/v7']);
    for (const wrong of ['arm64', 'linux/', '', 'linux/amd64,'])
      expect(() => parsePlatforms(wrong)).toThrow(/^--platform: "[^"]*" is not a platform; expected/);
  });
  it('is told platforms, cache and what becomes of the image', () => {
    const args = buildArguments(
      SECURITY,
      { version: '1', revision: 'abc', created: 'today' },
      {
        buildx: {
          platforms: both,
          cacheFrom: ['r.example/cache', 'r.example/main'],
          cacheTo: 'r.example/cache',
          attest: true,
          output: 'push',
          metadataFile: '/m.json',
        },
      },
    );
    expect(args.slice(0, 18).join(' ')).toBe(
      'buildx build --push --platform linux/amd64,linux/arm64 --cache-from type=registry,ref=r.example/cache/security:buildcache --cache-from type=registry,ref=r.example/main/security:buildcache --cache-to type=registry,ref=r.example/cache/security:buildcache,mode=max --sbom=true --provenance=mode=max --metadata-file /m.json --progress=plain --file dockerfiles/security/Dockerfile',
    );
  });
  it('keeps an image of several platforms in its cache', () => {
    const args = buildArguments(
      SECURITY,
      { version: '1', revision: 'abc', created: 'today' },
      { buildx: { platforms: both, output: 'cache' } },
    );
    expect(args).not.toContain('--load');
    expect(args).not.toContain('--push');
    expect(args).toContain('--provenance=false');
  });
});

describe('pushing', () => {
  it('needs a registry', () => {
    expect(() => checkRegistry(configOf('dev'))).toThrow(
      /^push: images.registry is "localhost\/ai-assistants", which is no registry; name yours/,
    );
    checkRegistry(configOf('dev', [{ images: { registry: 'localhost:5000/team' } }]));
    checkRegistry(configOf('production'));
  });
  it('refuses images that are named by digest', () => {
    expect(() =>
      checkRegistry(configOf('production', [{ images: { digests: { security: DIGEST } } }])),
    ).toThrow('images.digests names security by digest');
  });
  it('finds the digest of the repository it pushed to', () => {
    const known = [`other/security@sha256:1`, `r.example:5000/security@${DIGEST}`];
    expect(digestOf('r.example:5000/security:1', known)).toBe(DIGEST);
    expect(digestOf('r.example/security:1', known)).toBeUndefined();
  });
  it('pins the images in values the configuration takes', () => {
    const values = digestValues([
      { image: '1c-integration', reference: 'r/1c-integration:1', digest: DIGEST },
    ]);
    expect(parseValues(values, 'digests.yaml')).toEqual({
      images: { digests: { '1c-integration': DIGEST } },
    });
  });
});

describe('labels', () => {
  it('are read, and unknown where there is none', () => {
    const text = JSON.stringify({
      'org.opencontainers.image.version': '1',
      'org.opencontainers.image.revision': 'abc',
    });
    expect(parseLabels(text)).toEqual({ version: '1', revision: 'abc', created: 'unknown' });
    expect(parseLabels('null').version).toBe('unknown');
  });
});

/** As `trivy image --format json` documents it. */
const REPORT = {
  SchemaVersion: 2,
  ArtifactName: 'r.example/security:1',
  Results: [
    { Target: 'r.example/security:1 (debian 13)', Class: 'os-pkgs', Type: 'debian' },
    {
      Target: 'Python',
      Class: 'lang-pkgs',
      Type: 'python-pkg',
      Vulnerabilities: [
        {
          VulnerabilityID: 'CVE-2030-0001',
          PkgName: 'b',
          InstalledVersion: '1.0',
          Severity: 'HIGH',
          Title: 'slow',
        },
        {
          VulnerabilityID: 'CVE-2030-0002',
          PkgName: 'a',
          InstalledVersion: '2.0',
          FixedVersion: '2.1',
          Severity: 'CRITICAL',
        },
      ],
    },
  ],
};

describe('a scan', () => {
  it('asks Trivy for what counts only', () => {
    expect(
      scanArguments({ severities: parseSeverities('critical, HIGH'), ignoreUnfixed: true }).join(' '),
    ).toBe('--quiet --format=json --scanners=vuln --severity=HIGH,CRITICAL --ignore-unfixed');
    expect(() => parseSeverities('HIGH,SEVERE')).toThrow('--severity: "SEVERE" is not a severity; expected');
  });
  it('reads a report, the worst first', () => {
    const findings = parseReport(JSON.stringify(REPORT));
    expect(findings).toEqual([
      { id: 'CVE-2030-0002', severity: 'CRITICAL', package: 'a', installed: '2.0', fixed: '2.1' },
      { id: 'CVE-2030-0001', severity: 'HIGH', package: 'b', installed: '1.0', title: 'slow' },
    ]);
    expect(tally(findings)).toBe('1 CRITICAL, 1 HIGH');
    expect(tally(parseReport('{"SchemaVersion":2}'))).toBe('none');
  });
  it.each(['', '[]', '{"Results":"x"}'])('takes %j for no report', (text) => {
    expect(() => parseReport(text)).toThrow(/^scan: trivy's answer is not a report \(.+\); update trivy$/);
  });
});

/** Tools that answer what the real ones document, in a folder that is the only one on PATH beside the system's. */
describe('with tools', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tools-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const tool = (name: string, script: string): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  const node = join(process.execPath, '..');
  const platform = (...args: string[]) =>
    commandLine(args, {
      cwd: folder,
      env: { PATH: [folder, node, '/usr/bin', '/bin'].join(delimiter), TRIVY_DB_REPOSITORY: 'mirror/db' },
    });
  const REFERENCE = `localhost/ai-assistants/security:${PLATFORM_VERSION}`;
  /** @param more cases of a shell's `case "$*" in`. */
  const docker = (more = ''): void =>
    tool(
      'docker',
      `echo "$*" >> '${folder}/calls'\ncase "$*" in\n'version '*) echo 28.0.0 ;;\n${more}\n'image ls '*) echo '${REFERENCE} sha256:1' ;;\nesac`,
    );
  /** @param script what it does when it is not asked for its version. */
  const trivy = (script: string): void =>
    tool('trivy', `[ "$1" = --version ] && exec echo 'Version: 0.74.0'\n${script}`);
  const calls = (): string => readFileSync(join(folder, 'calls'), 'utf8');
  const last = (text: string): string => text.trim().split('\n').at(-1) ?? '';

  it('fails when something of that severity is found, after saying what', async () => {
    docker();
    trivy(`echo "$*" > '${folder}/trivy-calls'; cat '${folder}/report.json'`);
    writeFileSync(join(folder, 'report.json'), JSON.stringify(REPORT));
    const { exitCode, stdout, stderr } = await platform('scan', 'security', '--severity', 'HIGH,CRITICAL');
    expect(stdout).toMatch(/security +CRITICAL +CVE-2030-0002 +a 2\.0 +2\.1/);
    expect(stderr).toBe(
      'error: scan: 1 CRITICAL, 1 HIGH in security (counted: HIGH, CRITICAL); build on a newer base image or with updated lock files',
    );
    expect(exitCode).toBe(1);
    expect(readFileSync(join(folder, 'trivy-calls'), 'utf8').trim()).toBe(
      `image --quiet --format=json --scanners=vuln --severity=HIGH,CRITICAL ${REFERENCE}`,
    );
    writeFileSync(join(folder, 'report.json'), '{"SchemaVersion":2,"Results":[]}');
    const clean = await platform('scan', 'security', '--json');
    expect([clean.exitCode, JSON.parse(clean.stdout)]).toEqual([
      0,
      [{ image: 'security', reference: REFERENCE, findings: [] }],
    ]);
    rmSync(join(folder, 'trivy'));
  });
  it('says what went wrong when Trivy itself fails', async () => {
    docker();
    trivy('echo "FATAL failed to download vulnerability DB" >&2; exit 1');
    const { exitCode, stderr } = await platform('scan', 'security');
    expect(stderr).toContain('failed to download vulnerability DB');
    expect(exitCode).toBe(1);
    rmSync(join(folder, 'trivy'));
  });
  it('runs the image of Trivy where it is not installed, on a copy of the image', async () => {
    docker(`'pull '*) ;;\n'image save '*) ;;\n'run '*) echo '{"SchemaVersion":2,"Results":[]}' ;;\n`);
    const { exitCode, stderr } = await platform('scan', 'security');
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(calls()).toMatch(
      new RegExp(
        `^run --rm .* --env=TRIVY_DB_REPOSITORY ${TRIVY_IMAGE} image .*--input=/scan/image.tar$`,
        'm',
      ),
    );
    expect(calls()).not.toContain('docker.sock');
  });
  it('says how to get Trivy when it is not to be had', async () => {
    docker(`'pull '*) echo 'Error response from daemon: no route to host' >&2; exit 1 ;;\n`);
    const { exitCode, stderr } = await platform('scan', 'security');
    expect(stderr).toBe(
      `error: scan: trivy is not on PATH, and the image of trivy cannot be had (docker pull ${TRIVY_IMAGE} failed: Error response from daemon: no route to host); install it from https://trivy.dev, or load ${TRIVY_IMAGE} into the local Docker`,
    );
    expect(exitCode).toBe(1);
  });
  it.each([['scan'], ['push', '--yes', '--set', 'images.registry=r.example/team']])(
    '%s refuses images that are not built',
    async (...args) => {
      docker();
      const { exitCode, stderr } = await platform(...args, 'analytics');
      expect(last(stderr)).toMatch(
        new RegExp(
          `^error: (scan|push): not built: \\S+/analytics:${PLATFORM_VERSION}; run \\./platform build analytics with the same options first$`,
        ),
      );
      expect(exitCode).toBe(1);
    },
  );
  it('refuses a platform the builder cannot build for, before it builds', async () => {
    docker(
      `'buildx inspect '*) printf 'Name: default\\nDriver: docker\\n\\nPlatforms: linux/amd64\\n' ;;\n'info '*) echo '[]' ;;\n`,
    );
    rmSync(join(folder, 'calls'));
    const refused = await Promise.all(
      [
        ['build', '--platform', 'linux/amd64,linux/arm64'],
        ['push', '--platform', 'linux/arm64', '--set', 'images.registry=r.example/team'],
        ['push', '--attest', '--set', 'images.registry=r.example/team'],
        ['build', '--cache-to', 'r.example/cache'],
      ].map((args) => platform(...args)),
    );
    for (const { exitCode, stderr } of refused) {
      expect(stderr).toMatch(/^error: (build|push): the builder "default" .*cannot .+; \S.+$/);
      expect(exitCode).toBe(1);
    }
    expect(calls()).not.toMatch(/^(buildx )?(build|push) /m);
  });
  it('asks before it pushes, and pushes nothing when there is no terminal to ask at', async () => {
    docker(`'image ls '*) echo 'r.example/team/security:${PLATFORM_VERSION} sha256:1' ;;\n`);
    rmSync(join(folder, 'calls'));
    const args = ['push', 'security', '--set', 'images.registry=r.example/team'];
    const refused = await platform(...args);
    expect(refused.stderr).toBe('error: push: not confirmed, and there is no terminal to ask on; add --yes');
    const dry = await platform(...args, '--dry-run');
    expect([dry.exitCode, dry.stdout]).toEqual([0, `would push r.example/team/security:${PLATFORM_VERSION}`]);
    expect(calls()).not.toMatch(/^push/m);
  });
  it('pushes, and pins what it pushed', async () => {
    docker(
      `'image ls '*) echo 'r.example/team/security:${PLATFORM_VERSION} sha256:1' ;;\n'image inspect '*) echo '["r.example/team/security@${DIGEST}"]' ;;\n`,
    );
    const args = ['push', 'security', '--set', 'images.registry=r.example/team', '--yes', '--json'];
    const { stdout } = await platform(...args, '--digests', 'digests.yaml');
    expect(JSON.parse(stdout)).toEqual([
      { image: 'security', reference: `r.example/team/security:${PLATFORM_VERSION}`, digest: DIGEST },
    ]);
    expect(readFileSync(join(folder, 'digests.yaml'), 'utf8')).toContain(DIGEST);
    expect(calls().split('\n')).toContain(`push r.example/team/security:${PLATFORM_VERSION}`);
  });
  it('writes a bill of materials with syft, and refuses an answer that is none', async () => {
    docker(
      `'image inspect '*) echo '[]' ;;\n'image save '*) cd '${folder}' && echo '[{"Layers":[]}]' > manifest.json && tar -c manifest.json ;;\n`,
    );
    tool('syft', `[ "$1" = --version ] && exec echo 'syft 1.57.0'\ncat '${folder}/sbom.json'`);
    writeFileSync(join(folder, 'sbom.json'), '{"spdxVersion":"SPDX-2.3","packages":[{},{}]}');
    const { stdout, exitCode } = await platform('build', 'security', '--sbom', 'sboms');
    expect(exitCode).toBe(0);
    expect(last(stdout)).toBe('sboms/security.spdx.json: 2 packages');
    expect(existsSync(join(folder, 'sboms/security.spdx.json'))).toBe(true);
    writeFileSync(join(folder, 'sbom.json'), 'null');
    const wrong = await platform('build', 'security', '--sbom', 'others');
    expect(wrong.stderr).toMatch(/the bill of materials of \S+ is not SPDX/);
    expect(existsSync(join(folder, 'others'))).toBe(false);
  });
});
