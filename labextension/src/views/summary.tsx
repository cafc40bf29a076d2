/** The summary table: Keras' columns, sorted, filtered and folded as the person likes. */
import { useMemo, useState } from 'react';
import type { SummaryTable } from '../protocol';
import { Icon } from './shared/icons';
import { bytes, clip, count } from './shared/text';
import { type Column, type Row, type Sorting, shownRows, toRows } from './summary-rows';

const COLUMNS: readonly { column: Column; title: string; isNumber: boolean }[] = [
  { column: 'name', title: 'layer (class)', isNumber: false },
  { column: 'shape', title: 'output shape', isNumber: false },
  { column: 'parameters', title: 'parameters', isNumber: true },
  { column: 'share', title: 'share', isNumber: false },
  { column: 'connected', title: 'connected to', isNumber: false },
  { column: 'trainable', title: 'trainable', isNumber: false }
];

/** Drawing more rows at once would hold the page. */
const MAX_ROWS = 1_000;

export function SummaryView({ summary }: { summary: SummaryTable }) {
  const [query, setQuery] = useState('');
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const [folded, setFolded] = useState<ReadonlySet<number>>(new Set());
  const rows = useMemo(() => toRows(summary), [summary]);
  const shown = useMemo(() => shownRows(rows, query, sorting, folded), [rows, query, sorting, folded]);
  const hasGroups = rows.some(row => row.isGroup);
  const largest = Math.max(1, ...rows.filter(row => !row.isGroup).map(row => row.parameters));

  const toggle = (index: number) => {
    const after = new Set(folded);
    if (!after.delete(index)) {
      after.add(index);
    }
    setFolded(after);
  };

  return (
    <div className="layerlab-summary">
      <div className="layerlab-toolbar">
        <input
          type="search"
          className="layerlab-search"
          placeholder="Filter layers"
          aria-label="Filter layers by name, class or shape"
          value={query}
          onChange={event => setQuery(event.target.value)}
        />
        <span className="layerlab-faint" role="status">
          {query === '' ? `${rows.length} layers` : `${shown.length} of ${rows.length} layers`}
        </span>
      </div>
      <div className="layerlab-table-scroll">
        <table className="layerlab-table">
          <thead>
            <tr>
              {COLUMNS.map(({ column, title, isNumber }) => (
                <th
                  key={column}
                  scope="col"
                  className={isNumber ? 'layerlab-number' : ''}
                  aria-sort={
                    sorting?.column === column ? (sorting.isDown ? 'descending' : 'ascending') : 'none'
                  }
                >
                  <button type="button" onClick={() => setSorting(nextSorting(sorting, column))}>
                    {title}
                    <span className="layerlab-sort" aria-hidden="true">
                      {sorting?.column === column ? (sorting.isDown ? '▾' : '▴') : ''}
                    </span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.slice(0, MAX_ROWS).map(row => (
              <LayerRow
                key={row.index}
                row={row}
                largest={largest}
                hasGroups={hasGroups}
                isFolded={folded.has(row.index)}
                onFold={toggle}
              />
            ))}
          </tbody>
        </table>
        {shown.length > MAX_ROWS && (
          <p className="layerlab-empty">{`and ${count(shown.length - MAX_ROWS)} more: filter to see them`}</p>
        )}
      </div>
      <Totals summary={summary} />
    </div>
  );
}

type LayerRowProps = {
  row: Row;
  largest: number;
  hasGroups: boolean;
  isFolded: boolean;
  onFold: (index: number) => void;
};

function LayerRow({ row, largest, hasGroups, isFolded, onFold }: LayerRowProps) {
  return (
    <tr className={row.isGroup ? 'layerlab-row-group' : ''}>
      <td style={{ paddingInlineStart: `${indent(row, hasGroups)}px` }}>
        {row.isGroup && (
          <button
            type="button"
            className="layerlab-fold"
            aria-expanded={!isFolded}
            aria-label={`${isFolded ? 'Unfold' : 'Fold'} ${clip(row.name, 60)}`}
            onClick={() => onFold(row.index)}
          >
            <Icon name={isFolded ? 'unfold' : 'fold'} />
          </button>
        )}
        <b title={clip(row.path)}>{clip(row.name, 80)}</b>{' '}
        <span className="layerlab-faint">{clip(row.className, 60)}</span>
      </td>
      <td className="layerlab-shape">{clip(row.shape, 120)}</td>
      <td className="layerlab-number">{count(row.parameters)}</td>
      <td className="layerlab-share">
        {row.parameters > 0 && (
          <>
            <span
              className="layerlab-share-bar"
              style={{ width: `${Math.min(100, (row.parameters / largest) * 100) * 0.55}%` }}
            />
            <span>{percent(row.share)}</span>
          </>
        )}
      </td>
      <td>
        {clip(row.connectedTo.map(name => clip(name, 60)).join(', '), 160) || (
          <span className="layerlab-faint">–</span>
        )}
      </td>
      <td>
        {row.parameters === 0 ? (
          <span className="layerlab-faint">–</span>
        ) : row.trainable ? (
          'yes'
        ) : (
          <span className="layerlab-frozen">
            <Icon name="lock" /> frozen
          </span>
        )}
      </td>
    </tr>
  );
}

/** Names of one depth stand below each other, whether or not a fold button precedes them. */
function indent(row: Row, hasGroups: boolean): number {
  return 10 + 18 * Math.min(row.depth, 12) + (hasGroups && !row.isGroup ? 20 : 0);
}

function Totals({ summary }: { summary: SummaryTable }) {
  const facts: [string, string][] = [
    ['total', `${count(summary.parameters)} (${bytes(summary.size_bytes)})`],
    ['trainable', count(summary.trainable_parameters)],
    ['not trainable', count(summary.non_trainable_parameters)],
    ...(summary.optimizer_parameters > 0
      ? [['optimizer', count(summary.optimizer_parameters)] as [string, string]]
      : [])
  ];
  return (
    <dl className="layerlab-facts layerlab-totals" aria-label="Parameters">
      {facts.map(([name, text]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A click sorts (numbers from the largest), a second one turns that round, a third one ends it. */
function nextSorting(before: Sorting | null, column: Column): Sorting | null {
  const isLargestFirst = column === 'parameters' || column === 'share';
  if (before?.column !== column) {
    return { column, isDown: isLargestFirst };
  }
  return before.isDown === isLargestFirst ? { column, isDown: !isLargestFirst } : null;
}

function percent(share: number): string {
  return share > 0 && share < 0.001 ? '<0.1 %' : `${(share * 100).toFixed(1)} %`;
}
