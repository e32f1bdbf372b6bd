/** The positions of a chart's bars, in units of its drawing. */

export const WIDTH = 600;
export const HEIGHT = 160;

/** Gap between steps, as a share of a step's width. */
const GAP = 0.2;

export interface Bar {
  readonly series: number;
  readonly step: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The smallest 1, 2 or 5 times a power of ten that is at least every value. */
export function scaleOf(series: readonly (readonly number[])[]): number {
  const most = Math.max(0, ...series.flat());
  if (most === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5, 10].find((factor) => factor * power >= most) ?? 10) * power;
}

/** The bars of several series side by side within each step. */
export function barsOf(series: readonly (readonly number[])[], most: number): readonly Bar[] {
  const steps = series[0]?.length ?? 0;
  const step = WIDTH / Math.max(1, steps);
  const width = (step * (1 - GAP)) / series.length;
  return series.flatMap((values, index) =>
    values.flatMap((value, number) => {
      const height = (value / most) * HEIGHT;
      const x = number * step + (step * GAP) / 2 + index * width;
      return value > 0 ? [{ series: index, step: number, x, y: HEIGHT - height, width, height }] : [];
    })
  );
}
