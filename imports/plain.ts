/** Core types inside custom resources. */
import { k8s } from 'cdk8s-plus-28';

/** Quantities and the like as the text or number they stand for, at any depth: cdk8s does that for core kinds only. */
export function plain(value: unknown): unknown {
  if (value instanceof k8s.Quantity || value instanceof k8s.IntOrString) return value.value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
