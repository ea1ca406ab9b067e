export type Align = 'left' | 'right';

export interface Column<Row> {
  readonly title: string;
  readonly align: Align;
  readonly cell: (row: Row) => string | number;
}

/** Rows under titles in columns as wide as their widest cell; no trailing blanks. */
export function formatTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => String(column.cell(row)))),
  ];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, i) => pad(cell, widths[i] ?? 0, columns[i]?.align))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function pad(cell: string, width: number, align: Align | undefined): string {
  return align === 'right' ? cell.padStart(width) : cell.padEnd(width);
}

/** `3d 4h`, `12m 5s`, `850ms`: at most two units. */
export function formatAge(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)}ms`;
  const seconds = Math.floor(milliseconds / 1000);
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ');
}

/** `61 MiB`. */
export function formatMemory(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`;
}
