/**
 * What is to be reached. A goal that differs by Node's version has the one for less than 24 first.
 *
 * @typedef {{ what: string, subject: string, connections: number, against: string,
 *   figure: 'rate' | 'p50', goal: number | number[], beyond: number | number[] }} Goal
 */

/** @type {Goal[]} */
const GOALS = [
  token(32, 'oidc-provider', [3, 2.8], [4, 3.5]),
  token(256, 'oidc-provider', [5, 3.5], [8, 4.5]),
  token(32, 'http-batch', 0.65, 0.9),
  token(256, 'http-batch', 0.6, 0.9),
  { ...token(1, 'http-insert', 1.3, 1.1), what: 'token, 1 connection, p50', figure: 'p50' },
  check('cached', 'nest-open', 0.9, 0.97),
  check('cached', 'http-cached', 0.6, 0.85),
  check('uncached', 'http-lookup', 0.75, 0.9),
];

/** Bytes a live token, index included. */
export const DISK_GOAL = { goal: 176, beyond: 160 };

function token(connections, against, goal, beyond) {
  const what = `token, ${connections} connections`;
  return { what, subject: 'token', connections, against, figure: 'rate', goal, beyond };
}

function check(subject, against, goal, beyond) {
  const what = `check of a token, ${subject}, 32 connections`;
  return { what, subject, connections: 32, against, figure: 'rate', goal, beyond };
}

/**
 * Holds what was measured against the goals.
 *
 * @param subjects those that this run is about
 * @param ratioOf gives the ratios of a subject at a number of connections to a server, undefined
 *   where they were not measured
 */
export function judge(subjects, ratioOf) {
  return GOALS.filter(({ subject }) => subjects.includes(subject)).map((entry) => {
    const { what, subject, connections, against, figure } = entry;
    const [goal, beyond] = [entry.goal, entry.beyond].map(forThisNode);
    const found = ratioOf(subject, connections, against);
    const value = found?.[figure];
    const byCpu = figure === 'rate' ? found?.cpu : undefined;
    return { what, against, figure, goal, beyond, value, byCpu, verdict: verdict(value, entry) };
  });
}

/** @returns `beyond`, `reached` or `not reached`; less is better in times and bytes */
export function verdict(value, { figure, goal, beyond }) {
  if (value === undefined || Number.isNaN(value)) return 'not measured';
  const sign = figure === 'rate' ? 1 : -1;
  if (sign * value >= sign * forThisNode(beyond)) return 'beyond';
  return sign * value >= sign * forThisNode(goal) ? 'reached' : 'not reached';
}

function forThisNode(figures) {
  if (!Array.isArray(figures)) return figures;
  return figures[Number(process.versions.node.split('.', 1)[0]) < 24 ? 0 : 1];
}
