/** The summary table: Keras' columns, sorted, filtered and folded as the person likes. */
import { useMemo, useState } from 'react';
import type { SummaryTable } from '../protocol';
import { Icon } from './shared/icons';
import { bytes, clip, count } from './shared/text';
import { trans } from './shared/translation';
import {
  type Column,
  classNames,
  type Filter,
  isFiltering,
  NO_FILTER,
  type Row,
  type Sorting,
  shownRows,
  type TrainingState,
  toRows
} from './summary-rows';

const NUMBERS: ReadonlySet<Column> = new Set(['parameters', 'size']);

function columns(): [Column, string][] {
  return [
    ['name', trans.__('layer (class)')],
    ['shape', trans.__('output shape')],
    ['parameters', trans.__('parameters')],
    ['size', trans.__('memory')],
    ['share', trans.__('share')],
    ['connected', trans.__('connected to')],
    ['trainable', trans.__('trainable')]
  ];
}

/** Drawing more rows at once would hold the page. */
const MAX_ROWS = 1_000;

export function SummaryView({ summary }: { summary: SummaryTable }) {
  const [wanted, setFilter] = useState<Filter>(NO_FILTER);
  const [sorting, setSorting] = useState<Sorting | null>(null);
  const [folded, setFolded] = useState<ReadonlySet<number>>(new Set());
  const rows = useMemo(() => toRows(summary), [summary]);
  const classes = useMemo(() => classNames(rows), [rows]);
  const filter = useMemo(() => withKnownClass(wanted, classes), [wanted, classes]);
  const shown = useMemo(() => shownRows(rows, filter, sorting, folded), [rows, filter, sorting, folded]);
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
      <Filters
        classes={classes}
        shown={shown.length}
        all={rows.length}
        filter={filter}
        onChange={setFilter}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <section className="layerlab-table-scroll" aria-label={trans.__('Layers')} tabIndex={0}>
        <table className="layerlab-table">
          <thead>
            <tr>
              {columns().map(([column, title]) => (
                <Heading
                  key={column}
                  title={title}
                  column={column}
                  sorting={sorting?.column === column ? sorting : null}
                  onSort={() => setSorting(nextSorting(sorting, column))}
                />
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
          <p className="layerlab-empty">
            {trans.__('and %1 more: filter to see them', count(shown.length - MAX_ROWS))}
          </p>
        )}
        {shown.length === 0 && <p className="layerlab-empty">{trans.__('No layer is like that.')}</p>}
      </section>
      <Totals summary={summary} />
    </div>
  );
}

/** A model that changed may have lost the class that was chosen: that must not hide all rows. */
function withKnownClass(filter: Filter, classes: readonly string[]): Filter {
  return classes.includes(filter.className) ? filter : { ...filter, className: '' };
}

type FiltersProps = {
  classes: readonly string[];
  shown: number;
  all: number;
  filter: Filter;
  onChange: (filter: Filter) => void;
};

function Filters({ classes, shown, all, filter, onChange }: FiltersProps) {
  const states: [TrainingState, string][] = [
    ['trainable', trans.__('trainable')],
    ['frozen', trans.__('frozen')],
    ['none', trans.__('without weights')]
  ];
  return (
    <div className="layerlab-toolbar">
      <input
        type="search"
        className="layerlab-search"
        placeholder={trans.__('Filter layers')}
        aria-label={trans.__('Filter layers by name, class or shape')}
        value={filter.query}
        onChange={event => onChange({ ...filter, query: event.target.value })}
      />
      <select
        aria-label={trans.__('Show layers of one class')}
        value={filter.className}
        onChange={event => onChange({ ...filter, className: event.target.value })}
      >
        <option value="">{trans.__('all classes')}</option>
        {classes.map(name => (
          <option key={name} value={name}>
            {clip(name, 60)}
          </option>
        ))}
      </select>
      <select
        aria-label={trans.__('Show trainable or frozen layers')}
        value={filter.state}
        onChange={event => onChange({ ...filter, state: event.target.value as Filter['state'] })}
      >
        <option value="">{trans.__('trainable or not')}</option>
        {states.map(([state, text]) => (
          <option key={state} value={state}>
            {text}
          </option>
        ))}
      </select>
      <span className="layerlab-faint" role="status">
        {isFiltering(filter)
          ? trans.__('%1 of %2 layers', count(shown), count(all))
          : trans.__('%1 layers', count(all))}
      </span>
    </div>
  );
}

type HeadingProps = { title: string; column: Column; sorting: Sorting | null; onSort: () => void };

function Heading({ title, column, sorting, onSort }: HeadingProps) {
  const order = sorting === null ? 'none' : sorting.isDown ? 'descending' : 'ascending';
  return (
    <th scope="col" className={NUMBERS.has(column) ? 'layerlab-number' : ''} aria-sort={order}>
      <button type="button" onClick={onSort}>
        {title}
        <span className="layerlab-sort" aria-hidden="true">
          {sorting === null ? '' : sorting.isDown ? '▾' : '▴'}
        </span>
      </button>
    </th>
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
            aria-label={
              isFolded ? trans.__('Unfold %1', clip(row.name, 60)) : trans.__('Fold %1', clip(row.name, 60))
            }
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
      <td className="layerlab-number">
        {row.sizeBytes > 0 ? bytes(row.sizeBytes) : <span className="layerlab-faint">–</span>}
      </td>
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
        <Trained state={row.state} />
      </td>
    </tr>
  );
}

function Trained({ state }: { state: TrainingState }) {
  switch (state) {
    case 'trainable':
      return trans.__('yes');
    case 'frozen':
      return (
        <span className="layerlab-frozen">
          <Icon name="lock" /> {trans.__('frozen')}
        </span>
      );
    case 'none':
      return <span className="layerlab-faint">–</span>;
  }
}

/** Names of one depth stand below each other, whether or not a fold button precedes them. */
function indent(row: Row, hasGroups: boolean): number {
  return 10 + 18 * Math.min(row.depth, 12) + (hasGroups && !row.isGroup ? 20 : 0);
}

function Totals({ summary }: { summary: SummaryTable }) {
  const facts: [string, string][] = [
    [trans.__('parameters'), count(summary.parameters)],
    [trans.__('memory'), bytes(summary.size_bytes)],
    [trans.__('trainable'), count(summary.trainable_parameters)],
    [trans.__('not trainable'), count(summary.non_trainable_parameters)]
  ];
  if (summary.optimizer_parameters > 0) {
    facts.push([trans.__('of the optimizer'), count(summary.optimizer_parameters)]);
  }
  return (
    <dl className="layerlab-facts layerlab-totals" aria-label={trans.__('Totals')}>
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
  const isLargestFirst = column === 'parameters' || column === 'size' || column === 'share';
  if (before?.column !== column) {
    return { column, isDown: isLargestFirst };
  }
  return before.isDown === isLargestFirst ? { column, isDown: !isLargestFirst } : null;
}

function percent(share: number): string {
  return share > 0 && share < 0.001 ? trans.__('<0.1 %') : trans.__('%1 %', (share * 100).toFixed(1));
}
