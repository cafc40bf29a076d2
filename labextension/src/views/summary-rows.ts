/** The rows of the summary table that show, in which order. */
import type { SummaryTable } from '../protocol';

export type Row = {
  /** Place in the model. */
  index: number;
  name: string;
  className: string;
  path: string;
  depth: number;
  /** Whether the rows after it are its members. */
  isGroup: boolean;
  shape: string;
  parameters: number;
  /** Of all parameters, from 0 to 1. */
  share: number;
  trainable: boolean;
  connectedTo: readonly string[];
};

export type Column = 'name' | 'shape' | 'parameters' | 'share' | 'connected' | 'trainable';
export type Sorting = { column: Column; isDown: boolean };

export function toRows(summary: SummaryTable): Row[] {
  return summary.rows.map((row, index) => ({
    index,
    name: row.name,
    className: row.class_name,
    path: row.path,
    depth: Math.max(0, row.depth),
    isGroup: (summary.rows[index + 1]?.depth ?? 0) > row.depth,
    shape: row.output_shape,
    parameters: row.parameters,
    share: summary.parameters > 0 ? row.parameters / summary.parameters : 0,
    trainable: row.trainable,
    connectedTo: row.connected_to
  }));
}

/** Filtering and sorting show single rows wherever they stand; otherwise folded groups hide their members. */
export function shownRows(
  rows: readonly Row[],
  query: string,
  sorting: Sorting | null,
  folded: ReadonlySet<number>
): readonly Row[] {
  const words = query.slice(0, 100).toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0 && sorting === null) {
    return withoutFolded(rows, folded);
  }
  const found = rows.filter(row => {
    const text =
      `${row.name} ${row.className} ${row.shape} ${row.trainable ? 'trainable' : 'frozen'}`.toLowerCase();
    return words.every(word => text.includes(word));
  });
  return sorting === null ? found : [...found].sort(comparison(sorting));
}

function withoutFolded(rows: readonly Row[], folded: ReadonlySet<number>): Row[] {
  let hiddenBelow = Number.POSITIVE_INFINITY;
  return rows.filter(row => {
    if (row.depth > hiddenBelow) {
      return false;
    }
    hiddenBelow = folded.has(row.index) && row.isGroup ? row.depth : Number.POSITIVE_INFINITY;
    return true;
  });
}

function comparison({ column, isDown }: Sorting): (a: Row, b: Row) => number {
  const key = KEYS[column];
  return (a, b) => {
    const [x, y] = [key(a), key(b)];
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y));
    return isDown ? -order : order;
  };
}

const KEYS: Record<Column, (row: Row) => string | number> = {
  name: row => row.name,
  shape: row => row.shape,
  parameters: row => row.parameters,
  share: row => row.parameters,
  connected: row => row.connectedTo.join(' '),
  trainable: row => Number(row.trainable && row.parameters > 0)
};
