/** Expressions of dashboards and rules, read by Prometheus' own grammar. */
import { parser } from '@prometheus-io/lezer-promql';

/** An expression with Grafana's variables replaced by what they stand for. */
export const concrete = (expression: string): string =>
  expression.replaceAll('$__rate_interval', '5m').replaceAll('$__range', '1h');

/** Names of the metrics an expression reads. @throws Error where it does not parse. */
export function metricsOf(expression: string): readonly string[] {
  const text = concrete(expression);
  const names = new Set<string>();
  parser.parse(text).iterate({
    enter: ({ name, type, from, to, node }) => {
      if (type.isError) throw new Error(`not PromQL at ${from}: ${text}`);
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') names.add(text.slice(from, to));
    },
  });
  return [...names];
}
