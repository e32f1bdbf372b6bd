/** Parses the selectors of an expression by Prometheus' own grammar. */
import { parser } from '@prometheus-io/lezer-promql';

export interface Selector {
  readonly metric: string;
  readonly matchers: readonly { readonly label: string; readonly operator: string; readonly value: string }[];
}

/** The selectors of an expression. @throws when it does not parse, or a selector names no metric. */
export function selectorsOf(expression: string): readonly Selector[] {
  const found: Selector[] = [];
  const text = ({ from, to }: { readonly from: number; readonly to: number }) => expression.slice(from, to);
  parser.parse(expression).iterate({
    enter: ({ node }) => {
      if (node.type.isError) throw new Error(`not PromQL at ${node.from}: ${expression}`);
      if (node.name !== 'VectorSelector') return;
      const name = node.getChild('Identifier');
      if (!name) throw new Error(`a series without a metric's name: ${text(node)} in ${expression}`);
      const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
      found.push({
        metric: text(name),
        matchers: matchers.map((matcher) => {
          const [label, operator, value] = ['LabelName', 'MatchOp', 'StringLiteral'].map((kind) => {
            const child = matcher.getChild(kind);
            return child ? text(child) : '';
          });
          return { label: label ?? '', operator: operator ?? '', value: (value ?? '').slice(1, -1) };
        }),
      });
    },
  });
  return found;
}
