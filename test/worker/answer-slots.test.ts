import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AnswerSlots } from '../../src/worker/answer-slots.js';

test('whatever the order of filling, answers leave once each, in the order of opening', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 60 }), (picks) => {
      const written: string[] = [];
      const slots = new AnswerSlots((bytes) => {
        written.push(bytes.toString());
      });
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
