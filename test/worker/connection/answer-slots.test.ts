import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AnswerTail } from '../../../src/wire/protocol.js';
import { AnswerSlots, type SlotSink } from '../../../src/worker/connection/answer-slots.js';

const SINK: SlotSink = { write: () => undefined, hasRoom: () => true, broken: () => undefined };

test('whatever the order of filling, answers leave once each, in the order of opening', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 60 }), (picks) => {
      const written: string[] = [];
      const slots = new AnswerSlots({ ...SINK, write: (bytes) => void written.push(bytes.toString()) });
      const open: number[] = [];
      let opened = 0;
      // Odd picks open a slot, even ones fill some open slot.
      for (const pick of picks) {
        if (pick % 2 === 1) {
          expect(slots.open()).toBe(opened);
          open.push(opened++);
        } else if (open.length > 0) {
          const [slot = 0] = open.splice(pick % open.length, 1);
          slots.fill(slot, Buffer.from(String(slot)));
        }
        const firstOpen = open[0] ?? opened;
        expect(written).toEqual(Array.from({ length: firstOpen }, (_, index) => String(index)));
        expect(slots.waiting).toBe(opened - firstOpen);
      }
    }),
  );
});

/** Pieces of a text, and whether they were closed. */
class Pieces {
  isThere = true;
  isOpen = false;
  readonly #pieces: string[];

  constructor(...pieces: readonly string[]) {
    this.#pieces = [...pieces];
  }

  open(): boolean {
    this.isOpen = this.isThere;
    return this.isThere;
  }

  next(): Buffer | undefined {
    const piece = this.#pieces.shift();
    return piece === undefined ? undefined : Buffer.from(piece);
  }

  close(): void {
    this.isOpen = false;
  }
}

const restOf = (pieces: Pieces): AnswerTail => ({ pieces, instead: Buffer.from('!') });

test('an answer in pieces leaves as fast as there is room, and those behind it wait', () => {
  let room = 0;
  const written: string[] = [];
  const slots = new AnswerSlots({
    write: (bytes) => void written.push(bytes.toString()),
    hasRoom: () => room-- > 0,
    broken: () => undefined,
  });
  const pieces = new Pieces('b', 'c');
  slots.open();
  slots.open();
  slots.fill(1, Buffer.from('d'));
  slots.fill(0, Buffer.from('a'), restOf(pieces));
  expect({ written: written.join(''), waiting: slots.waiting }).toEqual({ written: 'a', waiting: 2 });
  expect(slots.isPartWay).toBe(true);
  room = 1;
  slots.pump();
  expect(written.join('')).toBe('ab');
  room = 2;
  slots.pump();
  expect(written.join('')).toBe('abcd');
  expect({ part: slots.isPartWay, waiting: slots.waiting, open: pieces.isOpen }).toEqual({
    part: false,
    waiting: 0,
    open: false,
  });
});

test('pieces are opened when their turn comes, one answer at a time, and closed when the connection ends', () => {
  const slots = new AnswerSlots({ ...SINK, hasRoom: () => false });
  const [first, second] = [new Pieces('b'), new Pieces('c')];
  slots.open();
  slots.open();
  slots.fill(1, Buffer.from('2'), restOf(second));
  expect(second.isOpen).toBe(false);
  slots.fill(0, Buffer.from('1'), restOf(first));
  expect([first.isOpen, second.isOpen]).toEqual([true, false]);
  slots.close();
  expect([first.isOpen, second.isOpen]).toEqual([false, false]);
});

test('where the pieces are gone when their turn comes, the other answer leaves in place of the first bytes', () => {
  const written: string[] = [];
  const slots = new AnswerSlots({ ...SINK, write: (bytes) => void written.push(bytes.toString()) });
  const gone = new Pieces('b');
  gone.isThere = false;
  slots.open();
  slots.open();
  slots.fill(0, Buffer.from('a'), restOf(gone));
  slots.fill(1, Buffer.from('c'));
  expect({ written: written.join(''), waiting: slots.waiting }).toEqual({ written: '!c', waiting: 0 });
});

test('an answer that breaks off in the middle is the last that leaves, and what it held is closed', () => {
  const said: string[] = [];
  const slots = new AnswerSlots({
    write: (bytes) => void said.push(bytes.toString()),
    hasRoom: () => true,
    broken: (reason) => void said.push(`broken: ${reason}`),
  });
  class Breaking extends Pieces {
    #left = 1;

    override next(): Buffer | undefined {
      if (this.#left-- === 0) throw new Error('the disk is gone');
      return super.next();
    }
  }
  const pieces = new Breaking('b');
  slots.open();
  slots.open();
  slots.fill(1, Buffer.from('never'));
  slots.fill(0, Buffer.from('a'), restOf(pieces));
  slots.pump();
  expect(said).toEqual(['a', 'b', 'broken: the disk is gone']);
  slots.close();
  expect(pieces.isOpen).toBe(false);
});
