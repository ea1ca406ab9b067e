/** ms */
export interface Spent {
  readonly wall: number;
  readonly cpu: number;
}

/** What was spent since, all threads of the process together. */
export function stopwatch(): () => Spent {
  const [wall, cpu] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { wall: performance.now() - wall, cpu: (user + system) / 1000 };
  };
}
