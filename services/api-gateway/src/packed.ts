/** Ending of the files that `pack.ts` writes and the gateway serves. */
export const PACKED = '.br';
