/** `940 B`, `12.3 kB`, `4.6 MB`: decimal units, as disks are sold. */
export function bytes(count: number): string {
  const units = ['kB', 'MB', 'GB', 'TB'];
  if (count < 1000) return `${count} B`;
  let value = count;
  let unit = '';
  for (const next of units) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return `${value.toFixed(1)} ${unit}`;
}
