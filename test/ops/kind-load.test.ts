/** Images on their way into the nodes of a kind cluster. */

import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { PLATFORM_VERSION } from '../../charts/config/versions.ts';
import type { KubeObject } from '../../ops/core/objects.ts';
import { bringImages, describeBrought } from '../../ops/steps/images.ts';
import { KindCluster } from '../../ops/tools/kind.ts';
import { useFakeTools } from '../support/command.ts';

const OURS = `localhost/ai-assistants/security:${PLATFORM_VERSION}`;
const CALLS = join(tmpdir(), `kind-load-${process.pid}`);
afterEach(() => rmSync(CALLS, { force: true }));

const pod = (image: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'one' },
  spec: { containers: [{ name: 'one', image }] },
});
const bring = (...images: readonly string[]) =>
  bringImages(new KindCluster('one'), images.map(pod), () => undefined);

describe('loading images', () => {
  useFakeTools({
    docker: `case "$*" in
    'image ls'*) printf '%s sha256:1\\n' ${OURS} redis:7 damaged:1 localhost/damaged:1 ;;
    *) exit 1 ;;
    esac`,
    kind: `case "$*" in
    'get nodes'*) echo one-control-plane ;;
    load*damaged*) echo 'ERROR: content digest sha256:2: not found' >&2; exit 1 ;;
    load*) echo "$*" >> ${CALLS} ;;
    esac`,
  });
  it('goes on when one cannot be loaded, and says which the nodes have to pull', async () => {
    const brought = await bring('damaged:1', OURS, 'redis:7', 'elsewhere:1');
    expect(brought.loaded).toEqual([OURS, 'redis:7']);
    expect(describeBrought(brought)).toMatch(
      /^Load images: 2 loaded; damaged:1 is left to the nodes \(.*content digest sha256:2: not found\)$/,
    );
    expect(readFileSync(CALLS, 'utf8').trim().split('\n')).toEqual(
      [OURS, 'redis:7'].map((image) => `load docker-image --name one ${image}`),
    );
  });
  it('ends when one of our own cannot be loaded: no registry has it', async () => {
    await expect(bring('localhost/damaged:1', 'redis:7')).rejects.toThrow(
      /^not loaded into one: localhost\/damaged:1 \(.*not found\); see kind load/,
    );
  });
});
