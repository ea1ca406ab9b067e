import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Linked, LinkedList } from '../src/linked-list.js';

interface Item extends Linked<Item> {
  readonly name: number;
}

const NAMES = 8;
const newItems = (): Item[] =>
  Array.from({ length: NAMES }, (_, name) => ({ name, previous: undefined, next: undefined }));

test('it holds what an array would, whatever comes and goes', () => {
  const steps = fc.array(fc.nat(NAMES - 1));
  fc.assert(
    fc.property(steps, (names) => {
      const items = newItems();
      const list = new LinkedList<Item>();
      let model: Item[] = [];
      for (const name of names) {
        const item = items[name];
        if (!item) throw new Error('no such item');
        expect(list.has(item)).toBe(model.includes(item));
        if (list.has(item)) {
          list.remove(item);
          model = model.filter((other) => other !== item);
          // Nothing of the list can be reached from it any more.
          expect(item).toEqual({ name, previous: undefined, next: undefined });
        } else {
          list.append(item);
          model.push(item);
        }
        expect(list.size).toBe(model.length);
        expect(list.first).toBe(model[0]);
        expect(list.last).toBe(model.at(-1));
        expect(list.toArray().map((member) => member.name)).toEqual(model.map((member) => member.name));
      }
    }),
  );
});
