import { jsonLine } from '../json-line.js';
import type { TaskOutcome } from '../wire/task.js';
import type { Answer } from '../wire/protocol.js';
import type { VerifyResponse } from '../wire/request.js';
import type { Verdict } from '../wire/verdict.js';
import { decodeTrusted } from '../wire/codec.js';
import { verdictOfFailure } from './failure-verdict.js';

/** `id status CODE {json}`: the one line that answers a VERIFY. */
export function answerLine(id: string, outcome: TaskOutcome): Answer {
  if (outcome.kind === 'failed') {
    const { code, message, retryAfter } = outcome;
    if (code === 'TIMEOUT' || code === 'INTERNAL') return verdictLine(id, verdictOfFailure(code, message));
    return errorAnswer(id, code, message, retryAfter);
  }
  const response = decodeTrusted<VerifyResponse>(outcome.body);
  if ('verdict' in response) return verdictLine(id, response.verdict);
  return errorAnswer(id, response.refused.code, response.refused.message);
}

/** `id error CODE {"message":…}`: the answer to a request that cannot be carried out. */
export function errorLine(id: string, code: string, message: string, retryAfter?: number): Buffer {
  return Buffer.from(`${id} error ${code} ${jsonLine({ message, retryAfter })}\n`);
}

function errorAnswer(id: string, code: string, message: string, retryAfter?: number): Answer {
  return { bytes: errorLine(id, code, message, retryAfter), log: () => ({ status: 'error', code }) };
}

function verdictLine(id: string, verdict: Verdict): Answer {
  const { status, code, path } = verdict;
  return {
    bytes: Buffer.from(`${id} ${status} ${code} ${jsonLine(verdict)}\n`),
    log: () => ({ status, code, leaf: path[0] }),
  };
}
