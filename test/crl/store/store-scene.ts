import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ingester } from '../../../src/crl/ingest/ingester.js';
import { CrlStore } from '../../../src/crl/store/crl-store.js';
import { openWriter } from '../../../src/crl/store/open-writer.js';
import type { StoreWriter } from '../../../src/crl/store/store-writer.js';
import type { IngestOutcome, IngestRequest } from '../../../src/wire/ingest.js';
import { parseCertificate } from '../../../src/x509/certificate.js';
import type { Issued } from '../../pki/pki.js';

/** A store of its own in a folder of its own, with the one that writes it. */
export interface StoreScene {
  readonly dataDirectory: string;
  readonly writer: StoreWriter;
  readonly store: CrlStore;
  readonly reports: string[];
  readonly ingest: (der: Uint8Array, signer: Issued, more?: Partial<IngestRequest>) => Promise<IngestOutcome>;
  readonly ingester: Ingester;
  readonly close: () => Promise<void>;
}

export interface StoreSceneOptions {
  readonly dataDirectory?: string;
  readonly maxBytes?: number;
  readonly keepsDer?: boolean;
  readonly now?: () => number;
}

export function scratchFolder(): string {
  return mkdtempSync(join(tmpdir(), 'pkixd-store-'));
}

export async function openScene(options: StoreSceneOptions = {}): Promise<StoreScene> {
  const { dataDirectory = scratchFolder(), maxBytes = 2 ** 30, keepsDer = false, now = Date.now } = options;
  const reports: string[] = [];
  const report = (message: string): void => void reports.push(message);
  const writer = await openWriter({ dataDirectory, report, now });
  const ingester = new Ingester(writer, { maxBytes, keepsDer, budget: 20_000, now, report });
  const store = new CrlStore({ dataDirectory, report, now });
  return {
    dataDirectory,
    writer,
    store,
    reports,
    ingester,
    ingest: async (der, signer, more = {}) => {
      const signers = [parseCertificate(signer.der).spki];
      const outcome = await ingester.ingest(
        { content: { der: Uint8Array.from(der) }, source: 'test', signers, ...more },
        () => undefined,
      );
      store.renew();
      return outcome;
    },
    close: async () => {
      await store.close();
      await writer.environment.close();
      if (options.dataDirectory === undefined) rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}
