/** YAML for any reader: quotes text that YAML 1.1 or 1.2 would read as another type, such as `=` or `yes`. */
import { dump } from 'js-yaml';

/** The documents of one file, each written out in full: no anchors, no folded lines. */
export const toYaml = (...documents: readonly unknown[]): string =>
  documents
    .map((document) => dump(document, { noRefs: true, lineWidth: -1, quoteStyle: 'double' }))
    .join('---\n');
