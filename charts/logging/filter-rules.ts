/** Rules of Logstash's filter: all names, formats and masks, as data. */
import { readFileSync } from 'node:fs';
import type { Topology } from '../graph/model.ts';
import { ALIASES, DROPPED, FIELDS, FORMATS, KUBERNETES_FIELDS, LEVELS, NANOSECONDS } from './fields.ts';
import { MASKED, MASKS, SECRET_NAMES } from './masking.ts';

const script = (name: string): string => readFileSync(new URL(`scripts/${name}`, import.meta.url), 'utf8');

/** The filter, and shell scripts of the containers that prepare others. */
export const NORMALIZE_SCRIPT = script('normalize.rb');
export const SECRETS_SCRIPT = script('secrets.sh');
export const SETUP_SCRIPT = script('setup.sh');

/** `rules.json`. A pod's name begins with its component's; the longest match is the component. */
export const filterRules = ({ components }: Topology): string =>
  JSON.stringify({
    components: components.map(({ name }) => name).sort((a, b) => b.length - a.length || a.localeCompare(b)),
    fields: FIELDS,
    kept: Object.keys(KUBERNETES_FIELDS),
    aliases: ALIASES,
    nanoseconds: NANOSECONDS,
    dropped: DROPPED,
    levels: LEVELS,
    formats: FORMATS,
    masks: MASKS,
    masked: MASKED,
    secretNames: SECRET_NAMES,
  });
