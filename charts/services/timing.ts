/** Seconds between a service's own end and the kubelet's kill. */
export const SPARE_SECONDS = 5;
