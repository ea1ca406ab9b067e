import { afterEach, expect, test } from '@jest/globals';
import { alive } from '../server/test-server.js';
import { TestServer } from './server.js';

let server: TestServer;
afterEach(() => server.remove());

test('no client hangs and hardly one loses its connection while workers are killed again and again', async () => {
  const [clients, rounds, kills] = [8, 40, 12];
  server = new TestServer({}, { 'workers.restartLimit': 1000, 'workers.restartBackoff': 1 });
  await server.start();
  let cut = 0;
  let done = 0;
  let killed = 0;
  const isOver = (round: number): boolean => round >= rounds && killed >= kills;

  const client = async (number: number): Promise<void> => {
    for (let round = 0; !isOver(round); round++) {
      const connection = await server.connect(number % 2 ? 'tcp' : 'unix');
      const answer = await connection.ask('who');
      // A connection that a worker had taken dies with it; one on its way never does.
      if (answer === null) cut += 1;
      else expect(answer).toMatch(/^worker \d+ /);
      done += 1;
      connection.close();
    }
  };
  const assassin = async (): Promise<void> => {
    while (killed < kills) {
      const { workers } = await server.statusWhere(
        (status) => status.workers.filter(({ state }) => state === 'ready').length === 2,
        'two ready workers',
      );
      const victim = workers[0]?.pid;
      // The one killed last may be shown as ready for a moment longer.
      if (victim === undefined || !alive(victim)) continue;
      process.kill(victim, 'SIGKILL');
      killed += 1;
      const seen = done;
      await server.until(() => done > seen, 'an answer after the kill');
    }
  };
  await Promise.all([assassin(), ...Array.from({ length: clients }, (_, number) => client(number))]);
  expect(done).toBeGreaterThanOrEqual(clients * rounds);
  // At most what a worker held at its death.
  expect(cut).toBeLessThanOrEqual(kills * clients);
  await server.statusWhere(({ pending, workers }) => pending === 0 && workers.length === 2, 'calm');
});
