/** Durations in milliseconds and sizes in bytes, as people write them. */
const DURATION_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const SIZE_UNITS = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 } as const;

type Units = Readonly<Record<string, number>>;

/** Milliseconds of `250ms`, `10s`, `5m`, `1h`, `7d`, `1.5h` or a bare number of milliseconds; undefined for anything else. */
export function parseDuration(value: unknown): number | undefined {
  return parseQuantity(value, DURATION_UNITS);
}

/** Bytes of `64KiB`, `8MiB`, `1GiB` or a bare number of bytes; undefined for anything else. */
export function parseSize(value: unknown): number | undefined {
  return parseQuantity(value, SIZE_UNITS);
}

/** The duration in the largest unit that divides it: 90000 → `90s`. */
export function formatDuration(milliseconds: number): string {
  return formatQuantity(milliseconds, DURATION_UNITS);
}

/** The size in the largest unit that divides it: 65536 → `64KiB`. */
export function formatSize(bytes: number): string {
  return formatQuantity(bytes, SIZE_UNITS);
}

function parseQuantity(value: unknown, units: Units): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const match = /^(?<amount>\d+(?:\.\d+)?)\s*(?<unit>[A-Za-z]*)$/.exec(value.trim());
  if (!match?.groups) return undefined;
  const { amount, unit } = match.groups;
  const factor = unit ? units[unit] : 1;
  if (factor === undefined) return undefined;
  const quantity = Number(amount) * factor;
  return Number.isSafeInteger(quantity) ? quantity : undefined;
}

function formatQuantity(quantity: number, units: Units): string {
  const [smallest = ''] = Object.keys(units);
  const fitting = Object.entries(units).findLast(([, factor]) => quantity !== 0 && quantity % factor === 0);
  return fitting ? `${quantity / fitting[1]}${fitting[0]}` : `${quantity}${smallest}`;
}
