/** The rows of the summary table that show, in which order. */
import type { SummaryTable } from '../protocol';

/** Whether a layer's weights are trained; `none` has none. */
export type TrainingState = 'trainable' | 'frozen' | 'none';

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
  sizeBytes: number;
  /** Of all parameters, from 0 to 1. */
  share: number;
  state: TrainingState;
  connectedTo: readonly string[];
};

export type Column = 'name' | 'shape' | 'parameters' | 'size' | 'share' | 'connected' | 'trainable';
export type Sorting = { column: Column; isDown: boolean };

/** Which rows show: those with all words of `query`, of one class, of one state; '' takes any. */
export type Filter = { query: string; className: string; state: TrainingState | '' };

export const NO_FILTER: Filter = { query: '', className: '', state: '' };

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
    sizeBytes: row.size_bytes,
    share: summary.parameters > 0 ? row.parameters / summary.parameters : 0,
    state: row.parameters === 0 ? 'none' : row.trainable ? 'trainable' : 'frozen',
    connectedTo: row.connected_to
  }));
}

/** The classes of all layers, each once, in alphabetical order. */
export function classNames(rows: readonly Row[]): string[] {
  return [...new Set(rows.map(row => row.className))].sort((a, b) => a.localeCompare(b));
}

export function isFiltering({ query, className, state }: Filter): boolean {
  return query.trim() !== '' || className !== '' || state !== '';
}

/** Filtering and sorting show single rows wherever they stand; otherwise folded groups hide their members. */
export function shownRows(
  rows: readonly Row[],
  filter: Filter,
  sorting: Sorting | null,
  folded: ReadonlySet<number>
): readonly Row[] {
  if (!isFiltering(filter) && sorting === null) {
    return withoutFolded(rows, folded);
  }
  const words = filter.query.slice(0, 100).toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter(row => {
    const text = `${row.name} ${row.className} ${row.shape}`.toLowerCase();
    return (
      words.every(word => text.includes(word)) &&
      (filter.className === '' || row.className === filter.className) &&
      (filter.state === '' || row.state === filter.state)
    );
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
  size: row => row.sizeBytes,
  share: row => row.parameters,
  connected: row => row.connectedTo.join(' '),
  trainable: row => ['none', 'frozen', 'trainable'].indexOf(row.state)
};
