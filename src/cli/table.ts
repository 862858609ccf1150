import { visible } from './text.js';

const GAP = '  ';

/**
 * Rows in aligned columns.
 *
 * @param heads the names of the columns
 * @param emphasize how the heads are made to stand out
 */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  emphasize: (text: string) => string,
): string {
  const cells = rows.map((row) => row.map(visible));
  const widths = heads.map((head, column) =>
    Math.max(widthOf(head), ...cells.map((row) => widthOf(row[column] ?? ''))),
  );
  const head = emphasize(line(heads, widths));
  return [head, ...cells.map((row) => line(row, widths))].join('\n');
}

/** Names with their values, one a line. */
export function fields(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([name]) => widthOf(name)));
  return pairs.map((pair) => line(pair.map(visible), [width, 0])).join('\n');
}

function line(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
    .join(GAP)
    .trimEnd();
}

function widthOf(text: string): number {
  return Array.from(text).length;
}
