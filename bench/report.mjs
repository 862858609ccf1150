import { cpus, totalmem } from 'node:os';
import { judge } from './goals.mjs';
import { median, medians, ratios } from './support/statistics.mjs';

/** The name of this project's own server in every table. */
export const OWN = 'postern';

/** As much other work as leaves the rates alone. */
const QUIET_CORES = 0.2;

/** Writes what a run has found: one table of figures, one of goals. */
export function report(cells, options, postgres) {
  const subjects = [...new Set(cells.map(({ subject }) => subject))];
  const ratioOf = (subject, connections, server) => {
    const find = (name) =>
      cells.find(
        (cell) =>
          cell.subject === subject && cell.connections === connections && cell.server === name,
      );
    const [own, other] = [find(OWN), find(server)];
    return own && other && ratios(own.slices, other.slices);
  };
  return [
    machine(postgres, options, cells),
    figureTable(cells, ratioOf),
    goalTable(judge(subjects, ratioOf)),
    quality(cells),
  ].join('\n\n');
}

function machine({ version }, { seconds, starts }, [{ slices }]) {
  const [{ model }] = cpus();
  const gib = Math.round(totalmem() / 2 ** 30);
  return [
    `Node ${process.versions.node}, PostgreSQL ${version} (fsync, synchronous_commit, full_page_writes: on)`,
    `${cpus().length} x ${model.trim()}, ${gib} GiB; ${slices.length} alternating slices of ${seconds} s over ${starts} starts, medians`,
    `× is ${OWN} over that server, turn by turn; by CPU: requests for the same CPU of the server's process`,
  ].join('\n');
}

function figureTable(cells, ratioOf) {
  const rows = cells.map(({ subject, connections, server, slices, peakMiB }) => {
    const figures = medians(slices);
    const ratio = server === OWN ? undefined : ratioOf(subject, connections, server);
    return [
      subject,
      String(connections),
      server,
      figures.rate.toFixed(0),
      figures.p50.toFixed(2),
      figures.p99.toFixed(2),
      number(figures.cpu, 0),
      number(figures.postgresCpu, 0),
      number(peakMiB, 0),
      number(ratio?.rate, 2),
      number(ratio?.cpu, 2),
      number(ratio?.p50, 2),
    ];
  });
  const head = [
    'what',
    'conn.',
    'server',
    'req/s',
    'p50 ms',
    'p99 ms',
    'CPU µs/req',
    'PostgreSQL',
    'peak MiB',
    '× req/s',
    '× by CPU',
    '× p50',
  ];
  return table(head, rows);
}

function goalTable(goals) {
  const rows = goals.map(({ what, against, value, byCpu, goal, beyond, verdict }) => [
    what,
    against,
    number(value, 2),
    number(byCpu, 2),
    String(goal),
    String(beyond),
    verdict,
  ]);
  return table(['goal', 'against', 'measured', 'by CPU', 'goal', 'beyond', 'verdict'], rows);
}

/** What the figures are worth: how much the load itself took, and what else ran. */
function quality(cells) {
  const all = cells.map(({ slices }) => medians(slices));
  const usual = (name) => median(all.map((figures) => figures[name]));
  const most = (name) => Math.max(...all.map((figures) => figures[name]));
  const lines = [
    `load: ${number(usual('generatorCpu'), 1)} µs of CPU a request, at most ${number(most('generatorShare'), 2)} of a core`,
    `other work on the machine: ${number(usual('otherCores'), 2)} cores (median), at most ${number(most('otherCores'), 2)}`,
  ];
  if (usual('otherCores') > QUIET_CORES) {
    lines.push('The machine was not quiet: trust the ratios by CPU, and quote no rate.');
  }
  return lines.join('\n');
}

/** @param rows of texts, as many in each as the head has */
export function table(head, rows) {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column].length)),
  );
  const isNumber = head.map((_, column) => rows.every((row) => /^([\d.]+|–)$/.test(row[column])));
  const line = (cells) =>
    `| ${cells.map((text, column) => (isNumber[column] ? text.padStart(widths[column]) : text.padEnd(widths[column]))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => `${'-'.repeat(width + 1)}${isNumber[column] ? ':' : '-'}`).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

function number(value, digits) {
  return value === undefined || Number.isNaN(value) ? '–' : value.toFixed(digits);
}
