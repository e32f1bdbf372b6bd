/** Which alerts Alertmanager suppresses while a worse alert, or their cause, fires. */

export interface Inhibition {
  /** The alert that suppresses others. */
  readonly source: string;
  /** The alerts it suppresses. */
  readonly targets: readonly string[];
  /** Labels that must be the same on both. Empty: none. */
  readonly equal: readonly string[];
}

export const INHIBITIONS: readonly Inhibition[] = [
  {
    source: 'AvailabilityBudgetBurnsFast',
    targets: ['AvailabilityBudgetBurnsSlowly'],
    equal: ['service'],
  },
  { source: 'LatencyBudgetBurnsFast', targets: ['LatencyBudgetBurnsSlowly'], equal: ['service'] },
  { source: 'CertificateExpiresSoon', targets: ['CertificateExpires'], equal: ['sans'] },
  { source: 'DatabaseVolumeAlmostFull', targets: ['DatabaseVolumeFills'], equal: ['job'] },
  {
    source: 'VolumeAlmostFull',
    targets: ['VolumeFills', 'VolumeFullSoon'],
    equal: ['namespace', 'persistentvolumeclaim'],
  },
  { source: 'NodeDiskAlmostFull', targets: ['NodeDiskFills'], equal: ['instance', 'device'] },
  { source: 'ServiceDown', targets: ['TargetDown'], equal: ['job'] },
  { source: 'DatabaseDown', targets: ['TargetDown'], equal: ['job'] },
  { source: 'EdgeDown', targets: ['TargetDown'], equal: ['job'] },
  { source: 'MonitoringPartDown', targets: ['TargetDown'], equal: ['job'] },
  {
    source: 'RedisDown',
    targets: ['RateLimitsWithoutRedis', 'TokensCannotBeCounted', 'EventsNotPublished', 'OutboxStuck'],
    equal: [],
  },
];
