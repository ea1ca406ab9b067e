import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { IngestHandle } from '../../crl/ingest-handle.js';
import { isCrlFileName } from '../../crl/crl-file-name.js';
import { PkixdError } from '../../errors.js';
import type { CrlSummary, IngestOutcome } from '../../wire/ingest.js';
import { parseCrl } from '../../x509/crl.js';
import type { Command } from '../command.js';
import { note, print, printable, type Context } from '../context.js';
import { issuerText, STORE_FLAGS, withWriter } from './access.js';
import { certificatesOf, CrlSigners } from './signers.js';
import { EXIT, exitCodeOf } from '../exit-code.js';
import { configFor, listFlag, optionFlags } from '../flags.js';
import { Progress } from '../progress.js';
import { InputError, readCrls, shownName } from '../verify/verify-input.js';

export const crlImport: Command = {
  positionals: {
    files: {
      type: 'string',
      array: true,
      describe:
        'CRLs in DER or PEM (several in a file), folders of .crl, .der, .pem and HASH.r0, or - for standard input',
    },
  },
  flags: {
    ...STORE_FLAGS,
    ...optionFlags(['trust.anchors', 'trust.brokenAnchors', 'crl.maxStoreSize', 'crl.ingestTimeout']),
    issuer: {
      type: 'array',
      string: true,
      requiresArg: true,
      describe: 'Certificates of the signers (repeatable); else the trust anchors with the issuer’s name',
    },
    json: { type: 'boolean', describe: 'One JSON object a line: {"file", "outcome", …}' },
  },
  examples: [
    ['$0 crl import /srv/crls --issuer /etc/pki/cas.pem', 'a folder'],
    ['curl -s http://crl.example/ca.crl | $0 crl import - --issuer ca.pem', 'from elsewhere'],
  ],
  async run(context, args) {
    const config = configFor(context, args);
    const issuers = listFlag(args, 'issuer').flatMap((file) => certificatesOf(file, context));
    const files = listFlag(args, 'files').flatMap((file) => filesOf(file, context.cwd));
    const importer: Importer = {
      context,
      signers: new CrlSigners(issuers, config),
      progress: new Progress(context),
      isJson: args['json'] === true,
    };
    return withWriter(context, config, async (ingest) => {
      let worst: number = EXIT.ok;
      for (const [index, file] of files.entries()) {
        worst = Math.max(worst, await importFile(file, ingest, importer, [index, files.length]));
      }
      return worst;
    });
  },
};

interface Importer {
  readonly context: Context;
  readonly signers: CrlSigners;
  readonly progress: Progress;
  readonly isJson: boolean;
}

/** A file, or the files of a folder. */
function filesOf(path: string, cwd: string): readonly string[] {
  const isFolder = statSync(resolve(cwd, path), { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isFolder) return [path];
  const names = readdirSync(resolve(cwd, path)).filter(isCrlFileName);
  if (names.length === 0)
    throw new InputError('NO_CRL', path, 'the folder holds no .crl, .der, .pem or HASH.r0');
  return names.toSorted().map((name) => join(path, name));
}

/** Its exit code. */
async function importFile(
  file: string,
  ingest: IngestHandle,
  importer: Importer,
  place: readonly [index: number, count: number],
): Promise<number> {
  const { context, progress, isJson } = importer;
  const name = shownName(file);
  try {
    let code: number = EXIT.ok;
    for (const der of readCrls(file, context)) {
      const outcome = await importOne(der, file, ingest, importer, place);
      progress.clear();
      if (outcome.kind === 'refused') {
        complain(importer, name, outcome.code, outcome.message);
        code = outcome.code === 'STORE_FAILED' ? EXIT.unavailable : EXIT.data;
      } else if (isJson) print(context, jsonOf(name, outcome));
      else print(context, printable(`${name}: ${said(outcome)}`));
    }
    return code;
  } catch (error) {
    if (!(error instanceof PkixdError)) throw error;
    const message = `${name}: ${error instanceof InputError ? error.why : error.message}`;
    complain(importer, name, error.code, message);
    return error instanceof InputError ? exitCodeOf(error.code) : EXIT.data;
  }
}

async function importOne(
  der: Uint8Array,
  file: string,
  ingest: IngestHandle,
  { signers, progress }: Importer,
  [index, count]: readonly [index: number, count: number],
): Promise<IngestOutcome> {
  const { issuer } = parseCrl(der);
  const source = resolve(file);
  return ingest.ingest({ content: { der }, source, signers: signers.keysOf(issuer) }, ({ done, total }) => {
    progress.show((index + done / total) / count, printable(`${file} (${index + 1} of ${count})`));
  });
}

function complain({ context, isJson }: Importer, file: string, code: string, message: string): void {
  if (isJson) print(context, JSON.stringify({ file, outcome: 'refused', code, message }));
  else note(context, printable(`error ${code} ${message}${WAY_OUT[code] ?? ''}`));
}

const WAY_OUT: Readonly<Record<string, string>> = {
  CRL_ISSUER_UNTRUSTED: '; name who signed it with --issuer',
};

type Taken = Exclude<IngestOutcome, { kind: 'refused' }>;

function said(outcome: Taken): string {
  if (outcome.kind === 'stored') {
    const warning = outcome.warning === undefined ? '' : `; warning: ${outcome.warning}`;
    return `stored, ${describe(outcome.crl)}${warning}`;
  }
  if (outcome.crl === null) return 'not newer than one that the store had before';
  return `not newer: the store has ${describe(outcome.crl)}`;
}

function describe(crl: CrlSummary): string {
  const { number, thisUpdate, entries } = crl;
  return `${issuerText(crl)}, number ${number ?? '-'} of ${new Date(thisUpdate).toISOString()}, ${entries} entries`;
}

function jsonOf(file: string, { kind, crl, ...more }: Taken): string {
  const { number = null, key = null } = crl ?? {};
  return JSON.stringify({ file, outcome: kind, key, number: number?.toString() ?? null, ...more });
}
