import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { BodyBuffer } from './body-buffer.js';
import type { FetchWatch } from './fetch-watch.js';
import { isGzipEncoded, readContentLength } from './response-headers.js';
import { mostUnpacked, tooMuchUnpacked } from './unpacking.js';

/** The body of an answer, unpacked; more than `maxSize` bytes, sent or unpacked, throw FetchError. */
export async function readBody(
  { headers, body }: Pick<Dispatcher.ResponseData, 'headers' | 'body'>,
  maxSize: number,
  watch: FetchWatch,
): Promise<Buffer> {
  const isPacked = isGzipEncoded(headers);
  const announced = readContentLength(headers);
  const unpacked = new BodyBuffer(maxSize, isPacked ? undefined : announced);
  let received = 0;
  let made = 0;
  async function* counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      received += chunk.length;
      watch.received(chunk.length);
      yield chunk;
    }
  }
  async function gather(chunks: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of chunks) {
      made += chunk.length;
      if (isPacked && made > mostUnpacked(received, maxSize)) throw tooMuchUnpacked(received, maxSize);
      unpacked.add(chunk);
    }
  }
  if (isPacked) await pipeline(body, counted, createGunzip(), gather);
  else await pipeline(body, counted, gather);
  return unpacked.finish();
}
