import cluster from 'node:cluster';
import { AggregatorRegistry, Gauge, register } from 'prom-client';

/** Longer than healthy workers need, and short enough for whoever scrapes. */
const ANSWERS_WITHIN_MS = 1000;

interface Question {
  readonly metricsWanted: number;
}

interface Answer {
  readonly metricsFor: number;
  readonly text: string;
}

/** Lets workers ask the supervisor for the metrics of all. To be called there, once. */
export function answerMetricsOfAll(): void {
  const registry = new AggregatorRegistry();
  cluster.on('message', (worker, { metricsWanted }: Partial<Question>) => {
    if (metricsWanted === undefined) return;
    const answer = async (): Promise<void> => {
      const text = await registry.clusterMetrics();
      // To one that has ended meanwhile, nothing can be said.
      worker.send({ metricsFor: metricsWanted, text } satisfies Answer, () => undefined);
    };
    // Where one is silent: whoever has asked waits no longer than it wants to.
    answer().catch(() => undefined);
  });
}

/** Lets the supervisor ask this worker for its own. To be called there, once. */
export function answerMetricsOfThis(): void {
  // It listens from its making on.
  void new AggregatorRegistry();
}

let asked = 0;

new Gauge({
  name: 'postern_workers',
  help: 'Processes that these figures tell of; fewer than WORKERS where not all of them answered in time, and this one tells of itself alone',
}).set(1);

/** The metrics of all processes of this node, as text; of this one alone where the others can't be asked. */
export async function metricsOfAll(): Promise<string> {
  return (await askSupervisor()) ?? register.metrics();
}

async function askSupervisor(): Promise<string | undefined> {
  if (cluster.worker?.isConnected() !== true) return undefined;
  const id = ++asked;
  return new Promise((resolve) => {
    const end = (text?: string): void => {
      clearTimeout(timer);
      process.off('message', onMessage);
      resolve(text);
    };
    const onMessage = ({ metricsFor, text }: Partial<Answer>): void => {
      if (metricsFor === id) end(text);
    };
    const timer = setTimeout(end, ANSWERS_WITHIN_MS);
    process.on('message', onMessage);
    process.send?.({ metricsWanted: id } satisfies Question, () => undefined);
  });
}
