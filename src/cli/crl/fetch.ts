import { messageOf, PkixdError } from '../../errors.js';
import type { FetchFailure, FetchOrder, FetchReport } from '../../wire/crl.js';
import type { Command } from '../command.js';
import { note, print, printable, type Context } from '../context.js';
import { issuerText, STORE_FLAGS } from './access.js';
import { type CrlFetcher, openCrlFetcher } from './fetcher.js';
import { CrlPlaces } from './places.js';
import { certificatesOf, CrlSigners } from './signers.js';
import { EXIT, exitCodeOf, UsageError } from '../exit-code.js';
import { type Arguments, configFor, listFlag, optionFlags } from '../flags.js';
import { Progress } from '../progress.js';
import { readCertificates } from '../verify/verify-input.js';

export const crlFetch: Command = {
  positionals: {
    what: {
      type: 'string',
      array: true,
      describe:
        'URLs that CRLs of the store came from or that crl.sources names, and files of certificates (PEM or DER, the first of each with its chain): the CRLs of its path are fetched',
    },
  },
  flags: {
    ...STORE_FLAGS,
    ...optionFlags(['run.directory', 'trust.anchors', 'trust.brokenAnchors', 'profile.default']),
    all: { type: 'boolean', describe: 'Every CRL whose URL is known, and all of crl.sources' },
    issuer: {
      type: 'array',
      string: true,
      requiresArg: true,
      describe:
        'Certificates of the signers of CRLs in crl.sources (repeatable), in addition to those there and the trust anchors',
    },
    untrusted: {
      type: 'array',
      string: true,
      requiresArg: true,
      describe: 'Further certificates to build the paths of the files from (repeatable)',
    },
    local: { type: 'boolean', describe: 'Fetch in this process, even if a server runs' },
    json: { type: 'boolean', describe: 'One JSON object a line: {"url", "outcome", …}' },
  },
  examples: [
    ['$0 crl fetch --all', 'before a line goes down, or after it was'],
    ['$0 crl fetch http://crl.example/ca.crl', 'the CA has just revoked something'],
    ['$0 crl fetch server.pem', 'what its verification will need'],
  ],
  async run(context, args) {
    const config = configFor(context, args);
    const what = listFlag(args, 'what');
    if ((args['all'] === true) === what.length > 0)
      throw new UsageError('name URLs or files of certificates, or all with --all');
    const issuers = listFlag(args, 'issuer').flatMap((file) => certificatesOf(file, context));
    const more = listFlag(args, 'untrusted').flatMap((file) => readCertificates(file, context).certificates);
    const fetcher = await openCrlFetcher(context, config, args['local'] === true);
    try {
      const places = new CrlPlaces(config, new CrlSigners(issuers, config), fetcher);
      const run = new Run(context, args, fetcher);
      if (args['all'] === true) run.add(await places.all());
      for (const each of what) {
        await run.find(each, async () =>
          isUrl(each) ? places.of(each) : places.onPathOf(readCertificates(each, context), more),
        );
      }
      return await run.end();
    } finally {
      await fetcher.close();
    }
  },
};

/** Fetches that run at once; `crl.maxParallelPerHost` bounds those from one server. */
const PARALLEL = 4;

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(text);
}

/** The CRLs to fetch, and their results; a failure does not stop the others. */
class Run {
  readonly #context: Context;
  readonly #isJson: boolean;
  readonly #fetcher: CrlFetcher;
  readonly #progress: Progress;
  readonly #orders = new Map<string, FetchOrder>();
  #worst: number = EXIT.ok;

  constructor(context: Context, args: Arguments, fetcher: CrlFetcher) {
    this.#context = context;
    this.#isJson = args['json'] === true;
    this.#fetcher = fetcher;
    this.#progress = new Progress(context);
  }

  add(orders: readonly FetchOrder[]): void {
    for (const order of orders) {
      const { issuer, isDelta } = order.wanted;
      this.#orders.set(`${order.urls.join(' ')} ${Buffer.from(issuer).toString('base64')} ${isDelta}`, order);
    }
  }

  async find(what: string, orders: () => Promise<readonly FetchOrder[]>): Promise<void> {
    try {
      this.add(await orders());
    } catch (error) {
      if (!(error instanceof PkixdError)) throw error;
      const { code } = error;
      const said = messageOf(error);
      const message = said.startsWith(what) ? said : `${what}: ${said}`;
      this.#failed({ url: what, code, message }, code in WRONG_INPUT ? exitCodeOf(code) : EXIT.data);
    }
  }

  /** Its exit code. */
  async end(): Promise<number> {
    const waiting = [...this.#orders.values()];
    const total = waiting.length;
    if (total === 0 && this.#worst === EXIT.ok && !this.#isJson)
      print(this.#context, 'nothing to fetch is known');
    let done = 0;
    const work = async (): Promise<void> => {
      for (let order = waiting.shift(); order !== undefined; order = waiting.shift()) {
        this.#progress.show(done / total, printable(`${order.urls[0]} (${done + 1} of ${total})`));
        await this.#fetch(order);
        done++;
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    this.#progress.clear();
    return this.#worst;
  }

  async #fetch(order: FetchOrder): Promise<void> {
    const [url = ''] = order.urls;
    try {
      const report = await this.#fetcher.fetch(order);
      const { taken } = report;
      if (taken !== undefined) this.#taken(order, taken);
      for (const failure of report.failures) {
        if (taken === undefined) this.#failed(failure, exitOf(failure));
        else this.#say(() => note(this.#context, printable(`warning: ${failure.message}`)));
      }
    } catch (error) {
      if (!(error instanceof PkixdError)) throw error;
      this.#failed({ url, code: error.code, message: `${url}: ${error.message}` }, EXIT.unavailable);
    }
  }

  #taken({ wanted }: FetchOrder, { url, isNew, crl }: NonNullable<FetchReport['taken']>): void {
    const outcome = isNew ? 'stored' : 'notNewer';
    const { number = null, thisUpdate = null, nextUpdate = null } = crl ?? {};
    const [from, until] = [thisUpdate, nextUpdate].map((time) => time && new Date(time).toISOString());
    this.#say(() => {
      if (this.#isJson) {
        const dates = { thisUpdate: from ?? null, nextUpdate: until ?? null };
        print(this.#context, JSON.stringify({ url, outcome, number, ...dates }));
        return;
      }
      const facts =
        crl === null
          ? 'the store has it, or a newer one, from elsewhere'
          : `${issuerText(wanted)}, number ${number ?? '-'} of ${from}, next ${until ?? '-'}`;
      print(this.#context, printable(`${url}: ${isNew ? 'stored' : 'not newer'}, ${facts}`));
    });
  }

  #failed(
    { url, code, message }: Omit<FetchFailure, 'code'> & { readonly code: string },
    exit: number,
  ): void {
    this.#worst = Math.max(this.#worst, exit);
    const outcome = code.startsWith('FETCH_') || exit === EXIT.unavailable ? 'failed' : 'refused';
    this.#say(() => {
      if (this.#isJson) print(this.#context, JSON.stringify({ url, outcome, code, message }));
      else note(this.#context, printable(`error ${code} ${message}${WAY_OUT[code] ?? ''}`));
    });
  }

  #say(line: () => void): void {
    this.#progress.clear();
    line();
  }
}

const WAY_OUT: Readonly<Record<string, string>> = {
  CRL_ISSUER_UNTRUSTED: '; name the certificate of who signs it with --issuer',
};

/** Codes of unusable arguments; any other code is the verdict on a certificate. */
const WRONG_INPUT: Readonly<Record<string, true>> = {
  NO_SUCH_CRL: true,
  FILE_UNREADABLE: true,
  BAD_PEM: true,
  NO_CERTIFICATE: true,
};

/** The server did not answer, or its CRL was refused. */
function exitOf({ code }: FetchFailure): number {
  return code === 'FETCH_FAILED' || code === 'FETCH_REFUSED' ? EXIT.unavailable : EXIT.data;
}
