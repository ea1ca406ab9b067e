import { cpus } from 'node:os';

/** What every benchmark module exports: `export async function run(options): Promise<BenchResult>`. */
export interface BenchOptions {
  /** A short run that shows that the benchmark works; its figures are not judged. */
  readonly brief: boolean;
}

export interface BenchResult {
  readonly rows: readonly Row[];
  readonly goals: readonly Goal[];
}

/** One figure, and what it is measured against in the same run. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly reference?: { readonly name: string; readonly value: number };
  /** value ÷ reference, or the other way round: whichever the goal speaks of. */
  readonly ratio?: number;
}

export interface Goal {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  /** `at most 1.5` or `at least 3`: which side of the limit is good. */
  readonly side: 'at most' | 'at least';
  readonly unit: string;
}

interface JudgedGoal extends Goal {
  readonly met: boolean;
}

export interface Report extends BenchResult {
  readonly bench: string;
  readonly machine: string;
  readonly goals: readonly JudgedGoal[];
}

export function report(bench: string, result: BenchResult): Report {
  const goals = result.goals.map((goal) => ({ ...goal, value: round(goal.value), met: isMet(goal) }));
  return { bench, machine: machine(), rows: result.rows.map(rounded), goals };
}

/** The report as a table for people; a brief run shows no goals. */
export function table(made: Report, options: BenchOptions): string {
  const cells = [
    ['', 'value', 'unit', 'reference', '', 'ratio'],
    ...made.rows.map((row) => [
      row.name,
      String(row.value),
      row.unit,
      row.reference?.name ?? '',
      row.reference === undefined ? '' : String(row.reference.value),
      row.ratio === undefined ? '' : row.ratio.toFixed(2),
    ]),
  ];
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  );
  const lines = cells.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  const goals = options.brief ? ['brief run: nothing is judged'] : made.goals.map(goalLine);
  return [`${made.bench} (${made.machine})`, ...lines, ...goals].join('\n');
}

function goalLine(goal: JudgedGoal): string {
  return `${goal.met ? 'met   ' : 'MISSED'} ${goal.what}: ${goal.value} ${goal.unit}, goal ${goal.side} ${goal.limit}`;
}

function isMet(goal: Goal): boolean {
  return goal.side === 'at most' ? goal.value <= goal.limit : goal.value >= goal.limit;
}

function rounded(row: Row): Row {
  return {
    ...row,
    value: round(row.value),
    ...(row.reference && { reference: { ...row.reference, value: round(row.reference.value) } }),
    ...(row.ratio !== undefined && { ratio: round(row.ratio) }),
  };
}

/** Four significant digits: more is noise. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}

function machine(): string {
  return `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores, Node ${process.versions.node}`;
}
