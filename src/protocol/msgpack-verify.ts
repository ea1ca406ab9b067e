import { PkixdError } from '../errors.js';
import type { NumberMap } from '../number-map.js';
import type { Answer, TaskEvent } from '../wire/protocol.js';
import type { Task, TaskOutcome } from '../wire/task.js';
import { answerOutcome, refusal } from './msgpack-answer.js';
import { checkVerifyBody } from './msgpack-body.js';
import type { Terms } from './msgpack-terms.js';

/** A waiting body below this share of its received piece is copied, since a view keeps the whole piece alive. */
const WORTH_A_VIEW = 4;

interface VerifyTask extends Task {
  body: Buffer;
}

/** A VERIFY whose body was not decoded. */
export class VerifyEvent implements TaskEvent {
  readonly kind = 'task';
  readonly task: VerifyTask;
  readonly #id: number;
  readonly #open: NumberMap<TaskEvent>;
  readonly #terms: Terms;

  constructor(id: number, time: number, body: Buffer, open: NumberMap<TaskEvent>, terms: Terms) {
    this.#id = id;
    this.#open = open;
    this.#terms = terms;
    this.task = { name: 'verify', body, scope: terms.scope, deadline: time === 0 ? Infinity : time };
  }

  get label(): string {
    return String(this.#id);
  }

  refusal(): Buffer | undefined {
    const { body } = this.task;
    try {
      checkVerifyBody(body, this.#terms.options);
    } catch (error) {
      if (!(error instanceof PkixdError)) throw error;
      return refusal(this.#id, { code: error.code, message: error.message });
    }
    if (body.length * WORTH_A_VIEW < body.buffer.byteLength) this.task.body = Buffer.from(body);
    this.#open.set(this.#id, this);
    return undefined;
  }

  answer(outcome: TaskOutcome): Answer {
    this.#open.delete(this.#id);
    return answerOutcome(this.#id, outcome);
  }
}
