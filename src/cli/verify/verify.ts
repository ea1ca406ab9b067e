import type { LineAnswer } from '../../client/line-client.js';
import { PkixdError } from '../../errors.js';
import { jsonLine } from '../../json-line.js';
import type { Command } from '../command.js';
import { note, print, printable, type Context } from '../context.js';
import { EXIT, exitCodeOf, UsageError, VERDICT_EXIT } from '../exit-code.js';
import { configFor, listFlag, textFlag, type Arguments } from '../flags.js';
import { TLS_FLAGS, tlsOptions } from '../tls-flags.js';
import { FILES, REQUEST_FLAGS } from './request-flags.js';
import { remoteVerifier, type Verifier } from './verifier.js';
import { InputError, readCertificates, shownName } from './verify-input.js';
import { verdictLine } from './verdict-line.js';
import { commonRequest, requestFor, type Common } from './verify-request.js';

export const verify: Command = {
  positionals: FILES,
  flags: {
    ...REQUEST_FLAGS,
    connect: {
      type: 'string',
      requiresArg: true,
      describe:
        'The server: unix:/path, tcp://host:port or tls://host:port; else the first configured listener without TLS',
    },
    ...TLS_FLAGS,
    local: { type: 'boolean', conflicts: 'connect', describe: 'Verify in this process, without a server' },
    json: { type: 'boolean', describe: 'One JSON object a line: {"file", …verdict}' },
  },
  examples: [
    ['$0 verify server.pem --host www.example.org', 'ask the running server'],
    ['$0 verify leaf.pem --untrusted ca.pem --anchor root.pem --crl root.crl --local', 'without a server'],
    ['$0 verify *.pem --json', 'many at once, for programs'],
    ['$0 verify leaf.pem --connect tls://pki.example:5281 --server-ca ca.pem', 'a server elsewhere'],
  ],
  async run(context, args) {
    const config = configFor(context, args);
    const common = commonRequest(args, context);
    const verifier =
      args['local'] === true
        ? await (await import('./local-verifier.js')).localVerifier(config, context)
        : await remoteVerifier(textFlag(args, 'connect'), config, tlsOptions(context, args));
    try {
      return await verifyAll(context, args, verifier, common);
    } finally {
      await verifier.close();
    }
  },
};

/** Requests under way at once: enough to keep a server's threads busy, few enough to keep only so many files in memory. */
const MAX_UNDER_WAY = 32;

interface Answered {
  readonly name: string;
  readonly answer: LineAnswer;
}

/** Answers are printed in the order of the files; the exit code is the worst of them. */
async function verifyAll(
  context: Context,
  args: Arguments,
  verifier: Verifier,
  common: Common,
): Promise<number> {
  const names = listFlag(args, 'files');
  if (names.length === 0) throw new UsageError('no file to verify');
  const show = args['json'] === true ? showJson : showLine;
  const underWay: Promise<Answered>[] = [];
  let worst: number = EXIT.ok;
  const take = async (): Promise<void> => {
    const next = await underWay.shift();
    if (!next) return;
    show(context, next);
    worst = Math.max(worst, codeOf(next.answer));
  };
  for (const name of names) {
    if (underWay.length >= MAX_UNDER_WAY) await take();
    underWay.push(verifyOne(name, context, verifier, common));
  }
  while (underWay.length > 0) await take();
  return worst;
}

/** An error of one file is its answer, and the others go on. */
async function verifyOne(
  name: string,
  context: Context,
  verifier: Verifier,
  common: Common,
): Promise<Answered> {
  try {
    const answer = await verifier.ask(requestFor(readCertificates(name, context), common));
    return { name: shownName(name), answer };
  } catch (error) {
    if (!(error instanceof PkixdError)) throw error;
    const message = error instanceof InputError ? error.why : error.message;
    return { name: shownName(name), answer: { error: { code: error.code, message } } };
  }
}

function showLine(context: Context, { name, answer }: Answered): void {
  if ('error' in answer) {
    note(
      context,
      printable(`${name}: error ${answer.error.code} ${answer.error.message}${wayOut(answer.error.code)}`),
    );
  } else {
    print(context, printable(`${name}: ${verdictLine(answer.verdict)}`));
  }
}

function showJson(context: Context, { name, answer }: Answered): void {
  const fields = 'error' in answer ? { status: 'error', ...answer.error } : answer.verdict;
  print(context, jsonLine({ file: name, ...fields }));
}

function wayOut(code: string): string {
  return code === 'NOT_PERMITTED' ? '; or verify without a server, with --local' : '';
}

function codeOf(answer: LineAnswer): number {
  return 'error' in answer ? exitCodeOf(answer.error.code) : VERDICT_EXIT[answer.verdict.status];
}
