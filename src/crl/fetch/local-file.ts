import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { formatSize } from '../../config/units.js';
import { messageOf } from '../../errors.js';
import { FetchError } from './fetch-error.js';
import type { Downloaded } from './downloader.js';

/** A file of `crl.sources`, by its `file:` URL, in the terms of a download: its time and size stand for an ETag. */
export async function readLocalFile(
  url: string,
  knownEtag: string | undefined,
  maxSize: number,
): Promise<Downloaded> {
  let file: FileHandle | undefined;
  try {
    // Non-blocking: opening a FIFO would otherwise wait for a writer.
    file = await open(fileURLToPath(url), constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat({ bigint: true });
    if (!found.isFile()) throw new Error('it is not a file');
    if (found.size > maxSize) {
      throw new FetchError(
        'tooLarge',
        `it has ${formatSize(Number(found.size))}, and crl.maxSize allows ${formatSize(maxSize)}`,
      );
    }
    const validators = { etag: `"${found.mtimeNs}-${found.size}-${found.ino}"` };
    if (validators.etag === knownEtag) return { kind: 'notModified', validators };
    return { kind: 'body', body: await file.readFile(), url, validators };
  } catch (error) {
    if (error instanceof FetchError) throw error;
    throw new FetchError('connection', `it cannot be read: ${messageOf(error)}`, { cause: error });
  } finally {
    await file?.close();
  }
}
