import { PkixdError } from '../../errors.js';
import { createEnvironment, openFolder } from '../../thread/verify-task.js';
import { jsonLine } from '../../json-line.js';
import type { VerifyEnvironment } from '../../verify/verify.js';
import type { Command } from '../command.js';
import { note, print, printable, type Context } from '../context.js';
import { exitCodeOf, UsageError, VERDICT_EXIT } from '../exit-code.js';
import { explainRequest, type Explanation, explanationJson, explanationLines } from './explanation.js';
import { configFor, listFlag } from '../flags.js';
import { FILES, REQUEST_FLAGS } from './request-flags.js';
import { openLocalStore } from './local-store.js';
import { NamedCrls } from './named-crls.js';
import { InputError, readCertificates, shownName } from './verify-input.js';
import { commonRequest, requestFor, type Common } from './verify-request.js';

export const explain: Command = {
  positionals: FILES,
  flags: {
    ...REQUEST_FLAGS,
    local: { type: 'boolean', describe: 'As in verify; explain needs no server anyway' },
    json: {
      type: 'boolean',
      describe: 'One JSON object a line: {"file", "verdict", "tree", "certificates", …}',
    },
  },
  examples: [
    ['$0 explain server.pem --host www.example.org', 'why it is valid, or not, by the configuration here'],
    ['$0 explain leaf.pem --untrusted ca.pem --anchor root.pem --revocation off', 'the path alone'],
  ],
  async run(context, args) {
    const config = configFor(context, args);
    const common = commonRequest(args, context);
    const files = listFlag(args, 'files');
    if (files.length === 0) throw new UsageError('no file to explain');
    const crls = new NamedCrls();
    const store = await openLocalStore(config, context);
    try {
      const report = (message: string): void => note(context, `warning: ${printable(message)}`);
      const environment = createEnvironment(config, [crls, store, openFolder(config, report, store)], report);
      const isJson = args['json'] === true;
      const codes = files.map((file) => explainOne(file, context, { environment, crls, common, isJson }));
      return Math.max(...codes);
    } finally {
      await store?.close();
    }
  },
};

interface Task {
  readonly environment: VerifyEnvironment;
  /** The environment of this process, for the CRLs of each request. */
  readonly crls: NamedCrls;
  readonly common: Common;
  readonly isJson: boolean;
}

/** Its exit code. An error of one file is its answer, and the others go on. */
function explainOne(file: string, context: Context, { environment, crls, common, isJson }: Task): number {
  const name = shownName(file);
  try {
    const request = requestFor(readCertificates(file, context), common);
    const explanation = explainRequest({ ...request, crls: crls.offer(request.crls) }, environment);
    if (isJson) print(context, jsonLine({ file: name, ...explanationJson(explanation) }));
    else print(context, textOf(name, explanation));
    return VERDICT_EXIT[explanation.verdict.status];
  } catch (error) {
    if (!(error instanceof PkixdError)) throw error;
    const message = error instanceof InputError ? error.why : error.message;
    if (isJson) print(context, jsonLine({ file: name, error: { code: error.code, message } }));
    else note(context, printable(`${name}: error ${error.code} ${message}`));
    return exitCodeOf(error.code);
  }
}

/** An empty line separates several. */
function textOf(file: string, explanation: Explanation): string {
  const [first = '', ...rest] = explanationLines(explanation);
  return [`${file}: ${first}`, ...rest, ''].map(printable).join('\n');
}
