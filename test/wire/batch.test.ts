import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { packResults, packTasks, unpackResults, unpackTasks } from '../../src/wire/batch.js';

const body = fc.uint8Array({ maxLength: 50 });

test('tasks come out as they went in', () => {
  const attempt = fc.record({ number: fc.nat(9), isLast: fc.boolean(), found: body });
  const task = fc.record({ handler: fc.nat(10), body, attempt });
  fc.assert(
    fc.property(fc.array(task, { maxLength: 40 }), (tasks) => {
      expect(unpackTasks(packTasks(tasks))).toEqual(tasks);
    }),
  );
});

test('results come out as they went in', () => {
  const keep = fc.option(
    fc.record({ since: fc.nat(2 ** 41), until: fc.nat(2 ** 41), epoch: fc.maxSafeNat() }),
    { nil: undefined },
  );
  const microseconds = fc.nat(2 ** 31 - 1);
  const result = fc.oneof(
    fc.record({ kind: fc.constant('done' as const), microseconds, body, keep }),
    fc.record({ kind: fc.constant('failed' as const), microseconds, body }),
    fc.record({ kind: fc.constant('needs' as const), microseconds, body, step: fc.string() }),
  );
  fc.assert(
    fc.property(fc.array(result, { maxLength: 40 }), (results) => {
      expect(unpackResults(packResults(results))).toEqual(results);
    }),
  );
});
