// A process that stores the CRLs of a folder one after the other and says so, until it is killed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ingester } from '../../../dist/crl/ingest/ingester.js';
import { openWriter } from '../../../dist/crl/store/open-writer.js';

const [dataDirectory, folder, first, last, keeps = ''] = process.argv.slice(2);
const report = (message) => process.stdout.write(`report ${message}\n`);
const writer = await openWriter({ dataDirectory, report, now: Date.now });
const ingester = new Ingester(writer, {
  maxBytes: 2 ** 30,
  keepsDer: keeps !== '',
  budget: 60_000,
  now: Date.now,
  report,
});
const signers = [readFileSync(join(folder, 'spki'))];
process.stdout.write('open\n');
for (let number = Number(first); number <= Number(last); number++) {
  const content = { path: join(folder, `${number}.crl`) };
  const { kind, message = '' } = await ingester.ingest({ content, source: 'test', signers }, () => undefined);
  process.stdout.write(`${kind} ${number} ${message}\n`);
  await ingester.tidy(undefined);
}
