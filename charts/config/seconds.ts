/** Limits of time that follow from others. */
import { type Config, SPARE_SECONDS } from './schema.ts';

/** Seconds a request may wait for its first byte on top of its upload. */
const SPARE_UPLOAD_SECONDS = 60;

/** Seconds a service may take to finish what is open after its drain: it ends by itself before it is killed. */
export const shutdownSeconds = (config: Config): number =>
  config.terminationSeconds - config.drainSeconds - SPARE_SECONDS;

/** Seconds a request may take to arrive, head and body. */
export const uploadSeconds = ({ edge: { maxBodyMiB, slowestUploadMbit } }: Config): number =>
  Math.ceil((maxBodyMiB * 2 ** 20 * 8) / (slowestUploadMbit * 1e6)) + SPARE_UPLOAD_SECONDS;

/** Seconds of the longest thing the edge carries: an upload, or an answer that streams. */
export const longestRequestSeconds = (config: Config): number =>
  Math.max(uploadSeconds(config), shutdownSeconds(config));
