import { machineCpuSeconds } from './process-figures.mjs';

/**
 * Lets short slices of load alternate between servers that are all up: A B C, C B A, and so on. What
 * else happens on the machine, and what grows with time, then meets all of them alike.
 *
 * @param measure runs one slice at a server
 * @returns for each server its slices, one for each turn
 */
export async function alternate(servers, turns, measure) {
  const slices = new Map(servers.map(({ name }) => [name, []]));
  for (let turn = 0; turn < turns; turn += 1) {
    const order = turn % 2 === 0 ? servers : servers.toReversed();
    for (const server of order) slices.get(server.name).push(await measure(server));
  }
  return slices;
}

/** Runs one slice of load at a server, and says what it cost. */
export async function measureSlice({ generator, postgres }, server, order) {
  const before = [server.cpuSeconds(), postgres.cpuSeconds(), machineCpuSeconds()];
  const result = await generator.slice({ ...order, port: server.port }).catch((error) => {
    throw new Error(`${server.name}: ${error.message}`);
  });
  const after = [server.cpuSeconds(), postgres.cpuSeconds(), machineCpuSeconds()];
  const [cpu, postgresCpu, machine] = after.map((seconds, index) => seconds - before[index]);
  const others = machine - cpu - postgresCpu - result.generatorCpu;
  return { ...result, cpu, postgresCpu, otherCores: Math.max(0, others / result.seconds) };
}
