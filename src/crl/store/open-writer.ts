import { codeOf, messageOf } from '../../errors.js';
import { WritableEnvironment } from './environment.js';
import { environmentPath, identityOf, setAside } from './environment-files.js';
import { sweepStrays } from './housekeeping.js';
import { MarkJournal } from './notes/mark-journal.js';
import { dropOdd } from './records/odd-records.js';
import { StoreWriter } from './store-writer.js';

export interface OpenWriterOptions {
  readonly dataDirectory: string;
  report(message: string): void;
  /** ms since 1970. */
  now(): number;
}

/**
 * Opens the store for writing, or makes it. A damaged store is put aside, reported, and rebuilt with the marks of the
 * old one. Waits for another process's transaction. Throws `StoreError` STORE_FAILED.
 */
export async function openWriter(options: OpenWriterOptions): Promise<StoreWriter> {
  const path = environmentPath(options.dataDirectory);
  const identity = identityOf(path);
  try {
    return await open(options);
  } catch (error) {
    if (codeOf(error) !== 'STORE_DAMAGED') throw error;
    const aside = setAside(path, identity, options.now());
    const where = aside === undefined ? 'another process has put it aside' : `it lies at ${aside} now`;
    options.report(`${messageOf(error)}; the store is made anew, and ${where}`);
    return open(options);
  }
}

/** The same for a store that a reader found damaged. */
export async function rebuildWriter(writer: StoreWriter, options: OpenWriterOptions): Promise<StoreWriter> {
  const { path, identity } = writer.environment;
  await writer.environment.close();
  const aside = setAside(path, identity, options.now());
  if (aside !== undefined) options.report(`the CRL store is made anew; the damaged one lies at ${aside} now`);
  return open(options);
}

async function open(options: OpenWriterOptions): Promise<StoreWriter> {
  const { dataDirectory } = options;
  const environment = WritableEnvironment.openToWrite(dataDirectory);
  try {
    const journal = new MarkJournal(dataDirectory, () => options.now());
    const writer = await StoreWriter.open(environment, journal, () => options.now());
    await dropOdd(writer, (message) => options.report(message));
    await sweepStrays(writer);
    journal.compact();
    return writer;
  } catch (error) {
    await environment.close();
    throw error;
  }
}
