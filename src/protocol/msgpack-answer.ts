import { decodeTrusted, encode } from '../wire/codec.js';
import { encodeMessage, MESSAGE, type Refusal } from '../wire/message.js';
import type { Answer } from '../wire/protocol.js';
import type { VerifyResponse } from '../wire/request.js';
import type { TaskOutcome } from '../wire/task.js';
import { verdictOfFailure } from './failure-verdict.js';

/** The thread's bytes are the body of the answer; only the log decodes them. */
export function answerOutcome(id: number, outcome: TaskOutcome): Answer {
  if (outcome.kind === 'done') {
    const { body } = outcome;
    return {
      bytes: encodeMessage(MESSAGE.answer, id, 0, body),
      log: () => fieldsOf(decodeTrusted<VerifyResponse>(body)),
    };
  }
  const { code, message, retryAfter } = outcome;
  if (code === 'TIMEOUT' || code === 'INTERNAL') {
    const response: VerifyResponse = { verdict: verdictOfFailure(code, message) };
    return { bytes: encodeMessage(MESSAGE.answer, id, 0, encode(response)), log: () => fieldsOf(response) };
  }
  return {
    bytes: encodeMessage(MESSAGE.answer, id, 0, refusalBody(code, message, retryAfter)),
    log: () => ({ status: 'error', code }),
  };
}

interface WrittenRefusal extends Omit<Refusal, 'retryAfter'> {
  readonly retryAfter: number | undefined;
  readonly body: Buffer;
}

let lastRefusal: WrittenRefusal | undefined;

/** Under overload refusals are mostly the same, so the octets of the last one are kept. */
function refusalBody(code: string, message: string, retryAfter: number | undefined): Buffer {
  const last = lastRefusal;
  if (last?.code === code && last.message === message && last.retryAfter === retryAfter) return last.body;
  const refused: Refusal = { code, message, ...(retryAfter !== undefined && { retryAfter }) };
  const body = encode({ refused });
  lastRefusal = { code, message, retryAfter, body };
  return body;
}

export function refusal(id: number, refused: Refusal): Buffer {
  return encodeMessage(MESSAGE.answer, id, 0, encode({ refused }));
}

export function goAway(why: Refusal): Buffer {
  return encodeMessage(MESSAGE.goAway, 0, 0, encode(why));
}

function fieldsOf(response: VerifyResponse): Readonly<Record<string, unknown>> {
  if ('refused' in response) return { status: 'error', code: response.refused.code };
  const { status, code, path } = response.verdict;
  return { status, code, leaf: path[0] };
}
