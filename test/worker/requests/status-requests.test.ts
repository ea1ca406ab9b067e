import { expect, test } from '@jest/globals';
import { StatusRequests } from '../../../src/worker/requests/status-requests.js';
import { FakeClock } from '../fake-clock.js';

test('answers find their questions by number, once, and a late one finds none', () => {
  const clock = new FakeClock();
  const asked: number[] = [];
  const answers: string[] = [];
  const requests = new StatusRequests(clock, (request) => asked.push(request));
  requests.request((status) => answers.push(`first ${String(status)}`));
  requests.request((status) => answers.push(`second ${String(status)}`));
  expect(asked).toEqual([1, 2]);
  requests.answered(2, 'b');
  requests.answered(2, 'again');
  requests.answered(99, 'unasked');
  expect(answers).toEqual(['second b']);
  clock.advance(5000);
  requests.answered(1, 'late');
  expect(answers).toEqual(['second b', 'first null']);
  expect(clock.pending).toBe(0);
});
