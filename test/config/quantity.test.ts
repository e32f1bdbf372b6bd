import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  formatCpu,
  formatMemory,
  millicores,
  parseCpu,
  parseMemory,
} from '../../charts/config/quantity.ts';

describe('quantities', () => {
  it.each([
    ['250m', 250],
    ['1', 1000],
    ['0.5', 500],
    ['2.25', 2250],
  ])('CPU %s is %d millicores', (text, value) => expect(millicores(text)).toBe(value));
  it.each([
    ['1Ki', 1024],
    ['256Mi', 268_435_456],
    ['1Gi', 1_073_741_824],
    ['1.5Gi', 1_610_612_736],
    ['1k', 1000],
    ['42', 42],
  ])('memory %s is %d bytes', (text, value) => expect(bytesOf(text)).toBe(value));
  it.each(['', '1 Gi', '256MB', '-1', '1e3', 'm', '1mm'])('%j is no quantity', (text) => {
    expect(parseCpu(text)).toBeUndefined();
    expect(parseMemory(text)).toBeUndefined();
    expect(() => millicores(text)).toThrow(JSON.stringify(text));
    expect(() => bytesOf(text)).toThrow(JSON.stringify(text));
  });
  it('are written the shortest way', () => {
    expect([formatCpu(1000), formatCpu(50), formatMemory(268_435_456), formatMemory(1)]).toEqual([
      '1',
      '50m',
      '256Mi',
      '1Mi',
    ]);
  });
});
