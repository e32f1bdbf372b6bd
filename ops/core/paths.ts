import { fileURLToPath } from 'node:url';

/** Folder of the repository, whatever folder the command was started from. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
