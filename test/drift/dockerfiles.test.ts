/** Dockerfiles, charts and code agree: a port, a user or a start command is not changed in one place only. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { APP_USER } from '../../charts/constructs/pod.ts';
import { SERVICES } from '../../charts/topology.ts';
import { root } from '../support/objects.ts';

const images = SERVICES.map((spec) => ({ spec, image: spec.image ?? spec.name }));

/** Paths of the context that a Dockerfile copies. */
const copiedBy = (dockerfile: string): readonly string[] =>
  [...dockerfile.replaceAll('\\\n', ' ').matchAll(/^COPY (?!.*--from=)(.*)$/gm)].flatMap(([, text = '']) =>
    text
      .split(/\s+/)
      .filter((word) => word !== '' && !word.startsWith('--'))
      .slice(0, -1)
      .map((path) => path.replace(/\/$/, '')),
  );
const admittedBy = (ignore: string): readonly string[] =>
  ignore.split('\n').flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
/** Whether both are the same path, or one is below the other. */
const within = (path: string, entry: string): boolean =>
  `${path}/`.startsWith(`${entry}/`) || `${entry}/`.startsWith(`${path}/`);

describe('dockerfiles/', () => {
  it('has one folder an image of the topology, and no other', () => {
    expect(readdirSync(root('dockerfiles')).sort()).toEqual(images.map(({ image }) => image).sort());
  });
  it.each(images)('$image', ({ spec, image }) => {
    const text = readFileSync(root(`dockerfiles/${image}/Dockerfile`), 'utf8');
    expect(existsSync(root(`dockerfiles/${image}/Dockerfile.dockerignore`))).toBe(true);
    expect(text).toMatch(new RegExp(`^USER ${APP_USER}:${APP_USER}$`, 'm'));
    expect(text).toMatch(/^HEALTHCHECK --interval=30s --timeout=10s --retries=3 --start-period=60s/m);
    expect(text).toMatch(new RegExp(`^EXPOSE ${spec.port}$`, 'm'));
    for (const label of ['title', 'description', 'version', 'revision', 'created', 'source', 'licenses'])
      expect(text).toContain(`org.opencontainers.image.${label}`);
    expect(text.match(/^FROM /gm)?.length, 'stages').toBeGreaterThanOrEqual(2);
    expect(text).toMatch(/^ARG \w+_IMAGE=\S+:\S+$/m);
    expect(text).not.toMatch(/:latest/);
    // The builder's own frontend suffices, and fetching another costs a request at every build.
    expect(text).not.toMatch(/^# *syntax=/m);
  });
  it.each(images)(
    '$image: what is copied is let into the build, and what is let in is copied',
    ({ image }) => {
      const copied = copiedBy(readFileSync(root(`dockerfiles/${image}/Dockerfile`), 'utf8'));
      const admitted = admittedBy(readFileSync(root(`dockerfiles/${image}/Dockerfile.dockerignore`), 'utf8'));
      expect(copied.length).toBeGreaterThanOrEqual(2);
      expect(copied.filter((path) => !admitted.some((entry) => within(path, entry)))).toEqual([]);
      expect(admitted.filter((entry) => !copied.some((path) => within(path, entry)))).toEqual([]);
    },
  );
  it('the gateway builds its pages from sources, with packages of the build itself', () => {
    const rules = readFileSync(root('dockerfiles/api-gateway/Dockerfile.dockerignore'), 'utf8').split('\n');
    const last = (rule: string) => rules.lastIndexOf(rule);
    for (const left of ['**/dist', '**/node_modules'])
      for (const folder of ['!console', '!api-docs']) expect(last(left)).toBeGreaterThan(last(folder));
  });
  it.each(images.filter(({ spec }) => spec.runtime === 'python'))(
    '$image starts its own package',
    ({ spec, image }) => {
      const text = readFileSync(root(`dockerfiles/${image}/Dockerfile`), 'utf8');
      const python = spec.name.replaceAll('-', '_');
      expect(text).toContain(`ENTRYPOINT ["python", "-m", "${python}"]`);
      expect(existsSync(root(`services/${spec.name}/${python}/__main__.py`))).toBe(true);
      expect(existsSync(root(`services/${spec.name}/${python}/migrations`))).toBe(true);
    },
  );
});

describe('services', () => {
  it.each(images.filter(({ spec }) => spec.runtime === 'python'))(
    '$spec.name listens on its port by default',
    ({ spec }) => {
      const settings = readFileSync(
        root(`services/${spec.name}/${spec.name.replaceAll('-', '_')}/settings.py`),
        'utf8',
      );
      expect(settings).toMatch(new RegExp(`port: int = Field\\(\\s*default=${spec.port}\\b`));
    },
  );
});
