import { parseDuration } from '../../config/units.js';
import { messageOf } from '../../errors.js';
import type { CrlSummary } from '../../wire/ingest.js';
import type { Command } from '../command.js';
import { print, printable } from '../context.js';
import { type OpenedStore, STORE_FLAGS, withStore } from './access.js';
import { type CrlReport, reportOf } from './facts.js';
import { UsageError } from '../exit-code.js';
import { textFlag } from '../flags.js';

/** The result for a monitor. */
const WELL = 0;
const NOT_FRESH = 1;
const DAMAGED = 2;

export const crlCheck: Command = {
  flags: {
    ...STORE_FLAGS,
    within: {
      type: 'string',
      requiresArg: true,
      describe: 'Report CRLs whose nextUpdate comes within this time, for example 12h (default 0s)',
    },
    json: { type: 'boolean', describe: 'One JSON object a line for each CRL, {…, "problems"}' },
  },
  examples: [['$0 crl check --within 6h', 'warn six hours before a CRL ends']],
  run: (context, args) => {
    const text = textFlag(args, 'within') ?? '0s';
    const within = parseDuration(text);
    if (within === undefined)
      throw new UsageError(`--within: "${text}" is not a time such as 30m, 12h or 7d`);
    return withStore(context, args, (opened) => {
      const { store, troubles } = opened;
      let code = WELL;
      const crls = store.list();
      for (const crl of crls) {
        const report = reportOf(crl, store, Date.now(), within);
        const damage = damageOf(crl, opened);
        const problems = [...(damage === undefined ? [] : [damage]), ...complaints(report)];
        if (problems.length > 0) code = Math.max(code, damage === undefined ? NOT_FRESH : DAMAGED);
        if (args['json'] === true) print(context, JSON.stringify({ ...report, problems }));
        else for (const problem of problems) print(context, lineOf(report, problem));
      }
      // An unreadable store looks like an empty one.
      if (troubles.length > 0) code = DAMAGED;
      if (args['json'] !== true) print(context, `${crls.length} CRLs checked: ${SAID[code]}`);
      return code;
    });
  },
};

const SAID: Readonly<Record<number, string>> = {
  [WELL]: 'all fresh and whole',
  [NOT_FRESH]: 'some are not fresh',
  [DAMAGED]:
    'the store is damaged; the server puts it aside and makes it anew when it notices, or at its start',
};

function lineOf({ key, issuer, number }: CrlReport, problem: string): string {
  return printable(`${key.slice(0, 12)} ${issuer}, number ${number ?? '-'}: ${problem}`);
}

function complaints({ freshness, nextUpdate, failures, failure, fetchedAt, source }: CrlReport): string[] {
  const stale = {
    stale: `stale: its successor was due ${nextUpdate}`,
    due: `its successor is due ${nextUpdate}`,
    'no end': undefined,
    current: undefined,
  }[freshness];
  const last = fetchedAt === null ? '' : ` (it last answered ${fetchedAt})`;
  return [
    ...(stale === undefined ? [] : [stale]),
    ...(failures === 0 ? [] : [`${source} failed ${failures} times in a row${last}: ${failure ?? ''}`]),
  ];
}

/** What is wrong with a CRL's entries. A CRL that was replaced meanwhile is not damaged. */
function damageOf({ key, entries }: CrlSummary, { store }: OpenedStore): string | undefined {
  const crl = store.crl(key);
  if (crl === undefined) return undefined;
  try {
    const count = crl.countEntries();
    return count === entries ? undefined : `damaged: ${count} entries are there, and ${entries} were stored`;
  } catch (error) {
    store.renew();
    return store.crl(key)?.generation === crl.generation ? `damaged: ${messageOf(error)}` : undefined;
  }
}
