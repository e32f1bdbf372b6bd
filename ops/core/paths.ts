import { fileURLToPath } from 'node:url';

/** Folder of the repository, independent of the current folder. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
