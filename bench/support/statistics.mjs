/** The middle one, or the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return (sorted[Math.floor(middle)] + sorted[Math.ceil(middle) - 1]) / 2;
}

const MICROSECONDS = 1e6;

/** A slice in the figures of the table. */
export function figuresOf(slice) {
  const { requests, seconds, p50, p99, cpu, postgresCpu, generatorCpu } = slice;
  return {
    rate: requests / seconds,
    p50,
    p99,
    cpu: (cpu / requests) * MICROSECONDS,
    postgresCpu: (postgresCpu / requests) * MICROSECONDS,
    generatorCpu: (generatorCpu / requests) * MICROSECONDS,
    generatorShare: generatorCpu / seconds,
    otherCores: slice.otherCores,
  };
}

/** Each figure's median over the slices. */
export function medians(slices) {
  const figures = slices.map(figuresOf);
  return Object.fromEntries(
    Object.keys(figures[0]).map((name) => [name, median(figures.map((figure) => figure[name]))]),
  );
}

/**
 * How one server stands to another, turn by turn, and of that the median: above 1 is better in
 * `rate` and `cpu` (requests for the same CPU), below 1 in `p50`.
 */
export function ratios(own, others) {
  const [ours, theirs] = [own.map(figuresOf), others.map(figuresOf)];
  const over = (ratio) => median(ours.map((figure, turn) => ratio(figure, theirs[turn])));
  return {
    rate: over((our, their) => our.rate / their.rate),
    cpu: over((our, their) => their.cpu / our.cpu),
    p50: over((our, their) => our.p50 / their.p50),
  };
}
