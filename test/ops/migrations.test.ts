/** The Jobs that migrate databases before a release, what they answer, and the revisions they apply. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { topologyOf } from '../../charts/app.ts';
import { SERVICES } from '../../charts/topology.ts';
import { migrationFrom, migrationJob, migrationsDue } from '../../ops/core/migrations.ts';
import { type KubeObject, kubeObject } from '../../ops/core/objects.ts';
import { configOf, render, root } from '../support/objects.ts';

const parse = (objects: readonly unknown[]): readonly KubeObject[] =>
  objects.map((one) => kubeObject.parse(one));
const live = parse(render('dev'));
const wanted = parse(render('dev', [{ images: { tag: '9.9.9' } }]));
const databases = SERVICES.filter(({ database }) => database).map(({ name }) => name);

describe('migrations are due', () => {
  it('for every service with a database that gets another image', () => {
    expect(migrationsDue(wanted, live).map(({ service }) => service)).toEqual(databases);
  });
  it('not for an image that runs already', () => expect(migrationsDue(live, live)).toEqual([]));
  it('not for a service that is new: its pod migrates', () => expect(migrationsDue(wanted, [])).toEqual([]));
});

describe('the Job of a migration', () => {
  const [due] = migrationsDue(wanted, live).filter(({ service }) => service === 'security');
  if (!due) throw new Error('no migration of security is due');
  const job = migrationJob(due, { suffix: 'x1', allowIncompatible: false });
  const template = kubeObject.parse(job);

  it('runs the new image once, and refuses what is not backward compatible', () => {
    expect(template).toMatchObject({
      metadata: { name: 'migrate-security-x1', namespace: 'assistants' },
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [
              { image: due.image, args: ['migrate', '--backward-compatible-only'], name: 'migrate' },
            ],
          },
        },
      },
    });
  });
  it('applies everything when that is allowed', () => {
    expect(migrationJob(due, { suffix: 'x1', allowIncompatible: true })).toMatchObject({
      spec: { template: { spec: { containers: [{ args: ['migrate'] }] } } },
    });
  });
  it('is no pod of the service: nothing is sent to it, no budget counts it', () => {
    expect(template).toMatchObject({
      spec: { template: { metadata: { labels: { 'app.kubernetes.io/name': 'migrate-security' } } } },
    });
  });
  it('has a policy of its own in every environment', () => {
    for (const environment of ['dev', 'staging', 'production'] as const)
      expect(topologyOf(configOf(environment)).edges).toContainEqual({
        from: 'migrate-security',
        to: 'postgres-security',
        port: 'postgresql',
      });
  });
});

describe('what a migration says', () => {
  const line = (before: string | null, after: string, compatible: boolean): string =>
    JSON.stringify({ message: 'x', migrated: { before, after, backward_compatible: compatible } });
  it('is the last line that tells', () => {
    const log = `{"message": "waiting"}\nnot JSON\n${line('0001', '0003', false)}\n`;
    expect(migrationFrom('security', log)).toEqual({
      before: '0001',
      after: '0003',
      backwardCompatible: false,
    });
  });
  it('is nothing when there was nothing to do', () => {
    expect(migrationFrom('security', line('0003', '0003', true))).toBeUndefined();
  });
  it('is expected', () => {
    expect(() => migrationFrom('security', 'done')).toThrow('migration of security: its job ended without');
  });
});

describe.each(databases)('revisions of %s', (service) => {
  const folder = root(`services/${service}/${service.replaceAll('-', '_')}/migrations`);
  const files = readdirSync(folder).filter((file) => /^\d{4}_/.test(file));
  it.each(files)('%s says whether the release before works with it', (file) => {
    const source = readFileSync(`${folder}/${file}`, 'utf8');
    expect(source.match(/^backward_compatible: bool = (True|False)$/gm)).toHaveLength(1);
  });
});
