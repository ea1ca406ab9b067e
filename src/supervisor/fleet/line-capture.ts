import type { Readable } from 'node:stream';

const MAX_LINE = 4096;
/** Per second and stream; further lines are counted and dropped. */
const MAX_LINES = 200;
const SECOND = 1000;

/**
 * Passes on what a worker prints, line by line. Long lines are cut, and lines beyond the limit are only counted, so
 * that the output of one worker can fill neither the primary's memory nor the log. `end` is called after the last line.
 */
export function captureLines(
  stream: Readable,
  write: (line: string) => void,
  end: () => void = () => undefined,
): void {
  let partial = '';
  let windowStart = 0;
  let inWindow = 0;
  let dropped = 0;

  const flush = (line: string): void => {
    if (line === '') return;
    const now = performance.now();
    if (now - windowStart >= SECOND) {
      if (dropped > 0) write(`(${dropped} lines more were dropped)`);
      [windowStart, inWindow, dropped] = [now, 0, 0];
    }
    inWindow += 1;
    if (inWindow > MAX_LINES) dropped += 1;
    else write(line.length > MAX_LINE ? `${line.slice(0, MAX_LINE)}…` : line);
  };

  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (partial + chunk).split('\n');
    // One character more than fits shows that the line was cut.
    partial = (lines.pop() ?? '').slice(0, MAX_LINE + 1);
    for (const line of lines) flush(line);
  });
  stream.on('error', () => stream.destroy());
  stream.on('close', () => {
    flush(partial);
    if (dropped > 0) write(`(${dropped} lines more were dropped)`);
    end();
  });
}
