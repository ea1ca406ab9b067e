import { RespReader, type RespValue } from './resp-reader.js';

type Shape = (reply: RespValue) => boolean;

const isStatus: Shape = ({ kind }) => kind === 'status';
const isInteger: Shape = ({ kind }) => kind === 'integer';
const isBulk: Shape = ({ kind }) => kind === 'bulk';
const isBulkOrNull: Shape = ({ kind }) => kind === 'bulk' || kind === 'null';
const isArrayOf =
  (...shapes: readonly Shape[]): Shape =>
  ({ elements }) =>
    elements.length === shapes.length && shapes.every((shape, place) => shape(elements[place] ?? NULL_REPLY));
const isWord =
  (word: string): Shape =>
  ({ kind, text }) =>
    kind === 'bulk' && text === word;

const NULL_REPLY: RespValue = { kind: 'null', text: '', elements: [] };

/** The permitted reply to each command that is sent, besides an error. */
const ANSWERS: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['auth', isStatus],
  ['select', isStatus],
  ['client', isStatus],
  ['info', isBulk],
  // The second form is that of a connection which has subscribed.
  ['ping', (reply) => isStatus(reply) || isArrayOf(isWord('pong'), isBulk)(reply)],
  ['time', isArrayOf(isBulk, isBulk)],
  ['get', isBulkOrNull],
  ['getrange', isBulkOrNull],
  ['set', ({ kind, text }) => kind === 'null' || (kind === 'status' && text === 'OK')],
  ['append', isInteger],
  ['del', isInteger],
  ['unlink', isInteger],
  ['pexpire', isInteger],
  ['publish', isInteger],
  ['subscribe', isArrayOf(isWord('subscribe'), isBulk, isInteger)],
]);
const isMessage = isArrayOf(isWord('message'), isBulk, isBulk);

/** Octets of a bulk string that Redis may send; the longest that is asked for at once. */
export const MAX_BULK = 256 * 1024;
/** Elements of an array that it may send. */
const MAX_ELEMENTS = 3;

/**
 * Checks the replies on one connection against its commands: each reply must have the form for its command, and only
 * messages of a subscription may come unasked. The client library does not check this: other replies lead to exceptions
 * that cannot be caught, and to arrays of any announced length and depth.
 */
export class RespConversation {
  readonly #asked: string[] = [];
  readonly #commands: RespReader;
  readonly #replies: RespReader;
  #isSubscribed = false;

  constructor() {
    this.#commands = new RespReader({ maxBulk: Infinity, maxElements: Infinity }, ({ elements }) => {
      this.#asked.push(elements[0]?.text.toLowerCase() ?? '');
    });
    this.#replies = new RespReader({ maxBulk: MAX_BULK, maxElements: MAX_ELEMENTS }, (reply) => {
      this.#check(reply);
    });
  }

  /** Takes note of what is sent, in pieces of any size. */
  send(bytes: Buffer): void {
    this.#commands.read(bytes);
  }

  /** Throws for what may not come now; the rest of the connection is then of no use. */
  receive(bytes: Buffer): void {
    this.#replies.read(bytes);
  }

  #check(reply: RespValue): void {
    if (this.#isSubscribed && isMessage(reply)) return;
    const command = this.#asked.shift();
    if (command === undefined) throw new Error('it sent a reply without a command');
    if (reply.kind === 'error') return;
    if (ANSWERS.get(command)?.(reply) !== true) throw new Error(`its answer to ${command} is not one`);
    if (command === 'subscribe') this.#isSubscribed = true;
  }
}
