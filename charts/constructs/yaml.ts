/** YAML for any reader: text that YAML 1.1 or 1.2 takes for something else, such as `=` or `yes`, is quoted. */
import { dump } from 'js-yaml';

/** The documents of one file, each written out in full: no anchors, no folded lines. */
export const toYaml = (...documents: readonly unknown[]): string =>
  documents
    .map((document) => dump(document, { noRefs: true, lineWidth: -1, quoteStyle: 'double' }))
    .join('---\n');
