import { PkixdError } from '../../errors.js';
import type { CrlSummary } from '../../wire/ingest.js';
import type { CrlEntry } from '../../x509/crl.js';
import { nameText } from '../verify/certificate-facts.js';
import type { Command } from '../command.js';
import { print, printable, type Context } from '../context.js';
import { chooseCrls, type OpenedStore, STORE_FLAGS, withStore } from './access.js';
import { type CrlReport, reportOf } from './facts.js';
import { UsageError } from '../exit-code.js';
import { textFlag } from '../flags.js';

export const crlShow: Command = {
  positionals: {
    crl: { type: 'string', describe: "The start of a key, the source, or a part of the issuer's name" },
  },
  flags: {
    ...STORE_FLAGS,
    serial: {
      type: 'string',
      requiresArg: true,
      describe: 'Look this serial number up (hexadecimal): exit 1 if it is listed, 0 if not',
    },
    json: { type: 'boolean', describe: 'One JSON object a line' },
  },
  examples: [
    ['$0 crl show 3f9a01', 'by its key'],
    ['$0 crl show "CN=Example CA" --serial 04:9D', 'is this certificate revoked?'],
  ],
  run: (context, args) =>
    withStore(context, args, (opened) => {
      const crls = chooseCrls(opened.store, String(args['crl']));
      const serial = textFlag(args, 'serial');
      const isJson = args['json'] === true;
      if (serial !== undefined) return lookUp(context, opened, crls, serial, isJson);
      for (const crl of crls) {
        const report = { ...reportOf(crl, opened.store, Date.now()), ...scopeOf(crl, opened) };
        print(context, isJson ? JSON.stringify(report) : factLines(report));
      }
      return 0;
    }),
};

interface Scope {
  readonly baseNumber: string | null;
  /** The part of the issuer's certificates that it covers; empty: all. */
  readonly scope: readonly string[];
}

function scopeOf({ key }: CrlSummary, { store }: OpenedStore): Scope {
  const crl = store.crl(key);
  const idp = crl?.issuingDistributionPoint;
  const name = idp?.distributionPoint;
  const points = name?.kind === 'fullName' ? name.names : [];
  return {
    baseNumber: crl?.baseNumber?.toString() ?? null,
    scope: [
      ...points.map((each) =>
        each.kind === 'uri' ? each.value : each.kind === 'dn' ? nameText(each.name) : each.kind,
      ),
      ...(idp?.onlyContainsUserCerts === true ? ['user certificates only'] : []),
      ...(idp?.onlyContainsCaCerts === true ? ['CA certificates only'] : []),
      ...(idp?.onlyContainsAttributeCerts === true ? ['attribute certificates only'] : []),
      ...(idp?.onlySomeReasons === undefined ? [] : ['some reasons only']),
      ...(idp?.indirectCrl === true ? ['indirect'] : []),
    ],
  };
}

/** Whether one of them lists the serial number. */
function lookUp(
  context: Context,
  { store }: OpenedStore,
  crls: readonly CrlSummary[],
  text: string,
  isJson: boolean,
): number {
  const serial = serialOf(text);
  let code = 0;
  for (const summary of crls) {
    const crl = store.crl(summary.key);
    if (crl === undefined) throw new PkixdError('NO_SUCH_CRL', 'the CRL was removed meanwhile; look again');
    const entry = crl.find(serial, crl.issuer);
    const isRevoked = entry !== undefined && entry.reason !== 'removeFromCRL';
    if (isRevoked) code = 1;
    const { key, issuer, number } = reportOf(summary, store, Date.now());
    const date = entry === undefined ? null : new Date(entry.date).toISOString();
    const found = { key, issuer, number, serial: hex(serial), listed: entry !== undefined, date };
    if (isJson) print(context, JSON.stringify({ ...found, reason: entry?.reason ?? null }));
    else
      print(
        context,
        printable(`${key.slice(0, 12)} ${issuer}, number ${number ?? '-'}: ${said(hex(serial), entry)}`),
      );
  }
  return code;
}

function said(serial: string, entry: CrlEntry | undefined): string {
  if (entry === undefined) return `${serial} is not listed`;
  const reason = entry.reason === undefined ? 'no reason given' : entry.reason;
  return `${serial} is listed since ${new Date(entry.date).toISOString()}, ${reason}`;
}

/** Content octets of the INTEGER, with or without the leading zero. */
function serialOf(text: string): Uint8Array {
  const digits = text.replace(/^0x/i, '').replaceAll(/[:\s]/g, '');
  if (!/^[0-9a-f]{1,512}$/i.test(digits))
    throw new UsageError(`--serial: "${text}" is not a hexadecimal number such as 04:9D or 049d`);
  const octets = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  const first = octets.findIndex((octet) => octet !== 0);
  const plain = first === -1 ? octets.subarray(-1) : octets.subarray(first);
  return plain[0]! < 0x80 ? plain : Buffer.concat([Buffer.of(0), plain]);
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** An empty line ends it. */
function factLines(report: CrlReport & Scope): string {
  const { scope, number, baseNumber, failures, failure } = report;
  const rows: [string, string][] = [
    ['key', report.key],
    ['issuer', report.issuer],
    ['number', `${number ?? '-'}${baseNumber === null ? '' : `, a delta of ${baseNumber}`}`],
    ['thisUpdate', report.thisUpdate],
    ['nextUpdate', `${report.nextUpdate ?? '-'} (${report.freshness})`],
    ['scope', scope.length === 0 ? 'all certificates of the issuer' : scope.join(', ')],
    ['entries', String(report.entries)],
    ['size', `${report.bytes} bytes`],
    ['source', report.source],
    ['stored', report.storedAt],
    ['fetched', report.fetchedAt ?? '-'],
    ['signer', report.signer],
    ...(failures === 0 ? [] : [['failures', `${failures} in a row: ${failure ?? ''}`] as [string, string]]),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return [...rows.map(([label, text]) => printable(`${label.padEnd(width)}  ${text}`)), ''].join('\n');
}
