import { digest } from './records/keys.js';

/** How many tables hold so many names. */
export function tableCount(names: number): number {
  return Math.ceil(names / TABLE_SIZE);
}

/** Names that a table holds, about. */
const TABLE_SIZE = 64;
const DIGEST = 32;
const ROW = DIGEST + 4;

/**
 * The numbers of the certificate issuers in an indirect CRL, spread over tables by the digest of the name. A table is
 * there whatever it holds: what is not in it is known not to be listed, as it would not be if each name had a record.
 *
 *     digest of the name (32) │ number (4) │ digest │ …
 *
 * @param issuers numbers by `Name.key`
 */
export function issuerTables(issuers: ReadonlyMap<string, number>): readonly Buffer[] {
  const rows: Buffer[][] = Array.from({ length: tableCount(issuers.size) }, () => []);
  for (const [issuerKey, number] of issuers) {
    const row = Buffer.alloc(ROW);
    const name = digest(issuerKey);
    row.set(name);
    row.writeUInt32BE(number, DIGEST);
    rows[tableOf(name, rows.length)]!.push(row);
  }
  return rows.map((each) => Buffer.concat(each));
}

/** The table that a name belongs into, and how it is found there. */
export function issuerPlace(
  issuerKey: string,
  tables: number,
): { readonly table: number; readonly name: Buffer } {
  const name = digest(issuerKey);
  return { table: tableOf(name, tables), name };
}

/** `undefined` for a name that is not in its table. */
export function numberInTable(table: Uint8Array, name: Buffer): number | undefined {
  const rows = Buffer.from(table.buffer, table.byteOffset, table.byteLength);
  for (let at = 0; at + ROW <= rows.length; at += ROW) {
    if (rows.subarray(at, at + DIGEST).equals(name)) return rows.readUInt32BE(at + DIGEST);
  }
  return undefined;
}

function tableOf(name: Buffer, tables: number): number {
  return name.readUInt32BE() % tables;
}
