/**
 * The status as one `name value` line for each leaf of the tree (`workers.0.statistics.queueDepth 0`), for people,
 * grep and awk, with a lone `.` at the end.
 */
export function statusLines(status: unknown): Buffer {
  return Buffer.from(`${[...lines('', status)].join('\n')}\n.\n`);
}

function* lines(name: string, value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) {
    yield `${name} ${String(value)}`;
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    yield* lines(name === '' ? key : `${name}.${key}`, inner);
  }
}
