import { open, stat, type FileHandle } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as delay } from 'node:timers/promises';

/** The last lines within a file's first `size` bytes that `format` accepts, formatted. */
export async function lastLines(
  file: string,
  size: number,
  count: number,
  format: (line: string) => string | undefined,
): Promise<readonly string[]> {
  const kept: string[] = [];
  if (size === 0) return kept;
  for await (const line of createInterface({
    input: createReadStream(file, { end: size - 1 }),
    crlfDelay: Infinity,
  })) {
    const formatted = format(line);
    if (formatted === undefined) continue;
    kept.push(formatted);
    // Cutting only now and then keeps the time linear in the file's size.
    if (kept.length > 2 * count + 64) kept.splice(0, kept.length - count);
  }
  return count === 0 ? [] : kept.slice(-count);
}

const POLL = 250;

/**
 * Complete lines as they are appended to a file after its first `size` bytes, until the signal. After a rotation (the
 * file was truncated, replaced or created again) the rest of the old file comes first, then the new one from its
 * beginning.
 */
export async function* follow(file: string, size: number, signal: AbortSignal): AsyncGenerator<string> {
  let reader = await Reader.open(file, size);
  try {
    while (!signal.aborted) {
      if (reader) yield* reader.lines();
      if (!reader || (await reader.isReplaced(file))) {
        if (reader) yield* reader.lines();
        await reader?.close();
        reader = await Reader.open(file, 0);
        if (reader) continue;
      }
      await delay(POLL, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await reader?.close();
  }
}

class Reader {
  readonly #handle: FileHandle;
  readonly #inode: number;
  readonly #buffer = Buffer.alloc(65_536);
  #position: number;
  #decoder = new StringDecoder('utf8');
  #partial = '';

  /** Undefined while the file does not exist. */
  static async open(file: string, position: number): Promise<Reader | undefined> {
    try {
      const handle = await open(file, 'r');
      return new Reader(handle, (await handle.stat()).ino, position);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  private constructor(handle: FileHandle, inode: number, position: number) {
    this.#handle = handle;
    this.#inode = inode;
    this.#position = position;
  }

  /** The lines completed since the last call. */
  async *lines(): AsyncGenerator<string> {
    const { size } = await this.#handle.stat();
    if (size < this.#position) this.#rewind();
    for (;;) {
      const { bytesRead } = await this.#handle.read(this.#buffer, 0, this.#buffer.length, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      const lines = (this.#partial + this.#decoder.write(this.#buffer.subarray(0, bytesRead))).split('\n');
      this.#partial = lines.pop() ?? '';
      yield* lines;
    }
  }

  async isReplaced(file: string): Promise<boolean> {
    try {
      return (await stat(file)).ino !== this.#inode;
    } catch (error) {
      // Between removal and creation the old file is used.
      if (isAbsent(error)) return false;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  #rewind(): void {
    this.#position = 0;
    this.#partial = '';
    this.#decoder = new StringDecoder('utf8');
  }
}

function isAbsent(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
