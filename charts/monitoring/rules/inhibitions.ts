/** Which alerts say nothing new while another fires: the one that is worse, or the cause. */

export interface Inhibition {
  /** While it fires … */
  readonly source: string;
  /** … these are not sent … */
  readonly targets: readonly string[];
  /** … where these labels are the same. Empty: everywhere. */
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
