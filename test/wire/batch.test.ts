import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { packResults, packTasks, unpackResults, unpackTasks } from '../../src/wire/batch.js';

const body = fc.uint8Array({ maxLength: 50 });

test('tasks come out as they went in', () => {
  const task = fc.record({ handler: fc.nat(10), body });
  fc.assert(
    fc.property(fc.array(task, { maxLength: 40 }), (tasks) => {
      expect(unpackTasks(packTasks(tasks))).toEqual(tasks);
    }),
  );
});

test('results come out as they went in', () => {
  const result = fc.record({ done: fc.boolean(), microseconds: fc.nat(), body });
  fc.assert(
    fc.property(fc.array(result, { maxLength: 40 }), (results) => {
      expect(unpackResults(packResults(results))).toEqual(results);
    }),
  );
});
