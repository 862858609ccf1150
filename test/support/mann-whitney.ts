/**
 * The effect size of the Mann–Whitney test: how probable it is that a value of one sample is above
 * one of the other, ties halved. 0.5 where they can't be told apart, 0 or 1 where they always can.
 */
export function superiority(one: readonly number[], other: readonly number[]): number {
  const all = [
    ...one.map((value) => ({ value, ofOne: true })),
    ...other.map((value) => ({ value, ofOne: false })),
  ].toSorted((a, b) => a.value - b.value);
  let ranks = 0;
  for (let from = 0; from < all.length;) {
    let to = from;
    while (to < all.length && all[to]?.value === all[from]?.value) to += 1;
    const tied = all.slice(from, to).filter(({ ofOne }) => ofOne).length;
    ranks += tied * ((from + 1 + to) / 2);
    from = to;
  }
  return (ranks - (one.length * (one.length + 1)) / 2) / (one.length * other.length);
}

/** The same, whichever of the two is above: from 0.5 on. */
export function effectSize(one: readonly number[], other: readonly number[]): number {
  const above = superiority(one, other);
  return Math.max(above, 1 - above);
}

/** The standard error of {@link superiority} for two samples that can't be told apart. */
export function standardError(one: number, other: number): number {
  return Math.sqrt((one + other + 1) / (12 * one * other));
}
