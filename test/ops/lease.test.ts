import { describe, expect, it } from 'vitest';
import { LEASE_SECONDS, lease, leaseManifest, secondsLeft } from '../../ops/steps/lock.ts';

const NOW = new Date('2026-01-01T00:00:30.500Z');
const leaseOf = (spec: object) =>
  lease.parse({ metadata: { name: 'deploy', uid: 'u', resourceVersion: '7' }, spec });

describe('the lock of an environment', () => {
  it('is held until it was not renewed for a while', () => {
    const held = leaseOf({ renewTime: '2026-01-01T00:00:00.000000Z', leaseDurationSeconds: 60 });
    expect(secondsLeft(held, NOW)).toBe(30);
    expect(secondsLeft(held, new Date('2026-01-01T00:01:00Z'))).toBe(0);
  });
  it('is free when it was never renewed', () => expect(secondsLeft(leaseOf({}), NOW)).toBe(0));
  it('is taken with times as Kubernetes writes them', () => {
    expect(leaseManifest('assistants', 'me', NOW)).toMatchObject({
      metadata: { name: 'deploy', namespace: 'assistants' },
      spec: {
        holderIdentity: 'me',
        renewTime: '2026-01-01T00:00:30.500000Z',
        leaseDurationSeconds: LEASE_SECONDS,
      },
    });
  });
  it('is taken over only as it was seen', () => {
    expect(leaseManifest('assistants', 'me', NOW, leaseOf({}))).toMatchObject({
      metadata: { resourceVersion: '7' },
    });
  });
});
