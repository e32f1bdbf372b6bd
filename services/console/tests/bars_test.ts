import { barsOf, HEIGHT, scaleOf, WIDTH } from '../src/views/dashboards/bars.ts';
import { equal } from './check.ts';

Deno.test('the scale is 1, 2 or 5 times a power of ten, and above all values', () => {
  const scales = [[], [0], [0.03], [1], [3], [7, 12], [21], [1000], [1001]].map((values) =>
    scaleOf([values])
  );
  equal(scales, [1, 1, 0.05, 1, 5, 20, 50, 1000, 2000]);
});

Deno.test('bars stand side by side within their step, and none for nothing', () => {
  const bars = barsOf([[5, 0], [10, 2]], 10);
  equal(bars.map(({ series, step, height }) => [series, step, height]), [
    ...[[0, 0, HEIGHT / 2], [1, 0, HEIGHT], [1, 1, HEIGHT / 5]],
  ]);
  for (const { x, y, width, height, step } of bars) {
    equal(x >= (step * WIDTH) / 2 && x + width <= ((step + 1) * WIDTH) / 2, true);
    equal(y + height, HEIGHT);
  }
});
