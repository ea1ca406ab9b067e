import type { Command } from '../command.js';
import { print, printable } from '../context.js';
import { STORE_FLAGS, withStore } from './access.js';
import { type CrlReport, reportOf } from './facts.js';
import { formatTable, type Column } from '../table.js';

export const crlList: Command = {
  flags: {
    ...STORE_FLAGS,
    json: { type: 'boolean', describe: 'One JSON object a line in place of the table' },
  },
  examples: [['$0 crl list --json', 'for programs']],
  run: (context, args) =>
    withStore(context, args, ({ store }) => {
      const now = Date.now();
      const reports = store
        .list()
        .map((crl) => reportOf(crl, store, now))
        .toSorted((a, b) => compare(a.issuer, b.issuer) || compare(b.thisUpdate, a.thisUpdate));
      if (args['json'] === true) for (const report of reports) print(context, JSON.stringify(report));
      else if (reports.length === 0) print(context, 'the store is empty');
      else print(context, printableTable(reports));
      return 0;
    }),
};

const KEY_SHOWN = 12;

const COLUMNS: readonly Column<CrlReport>[] = [
  { title: 'KEY', align: 'left', cell: (crl) => crl.key.slice(0, KEY_SHOWN) },
  { title: 'ISSUER', align: 'left', cell: (crl) => crl.issuer },
  {
    title: 'NUMBER',
    align: 'right',
    cell: (crl) => `${crl.number ?? '-'}${crl.kind === 'delta' ? ' delta' : ''}`,
  },
  { title: 'THIS UPDATE', align: 'left', cell: (crl) => crl.thisUpdate },
  { title: 'NEXT UPDATE', align: 'left', cell: (crl) => crl.nextUpdate ?? '-' },
  { title: 'STATE', align: 'left', cell: (crl) => crl.freshness },
  { title: 'ENTRIES', align: 'right', cell: (crl) => crl.entries },
  { title: 'SIZE', align: 'right', cell: (crl) => `${Math.ceil(crl.bytes / 1024)} KiB` },
  { title: 'FETCHED', align: 'left', cell: (crl) => crl.fetchedAt?.replace(/\.\d+Z$/, 'Z') ?? '-' },
  { title: 'FAILURES', align: 'right', cell: (crl) => crl.failures },
  { title: 'SOURCE', align: 'left', cell: (crl) => crl.source },
];

function printableTable(reports: readonly CrlReport[]): string {
  return formatTable(COLUMNS, reports).split('\n').map(printable).join('\n');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
