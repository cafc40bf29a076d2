/** The weights of a file as a table. Statistics are computed for the rows that show, one after the other. */
import { useEffect, useMemo, useState } from 'react';
import type { Statistics } from '../../keras-file/statistics';
import type { Weight } from '../../keras-file/weights';
import { bytes, clip, count, shortCount, value } from '../shared/text';
import { trans } from '../shared/translation';
import { Histogram } from './histogram';
import type { ModelFile } from './opened-file';

const PAGE = 50;

type Known = ReadonlyMap<number, Statistics | null>;

export function WeightsView({ file }: { file: ModelFile }) {
  const { weights, weightsLeftOut } = file.description;
  const [query, setQuery] = useState('');
  const [withOptimizer, setWithOptimizer] = useState(false);
  const [pages, setPages] = useState(1);
  const hasOptimizer = useMemo(() => weights.some(weight => weight.kind === 'optimizer'), [weights]);
  const found = useMemo(() => {
    const words = query.slice(0, 100).toLowerCase().split(/\s+/).filter(Boolean);
    return weights.filter(weight => {
      const text = `${weight.layer} ${weight.name} ${weight.shape} ${weight.dtype}`.toLowerCase();
      return (withOptimizer || weight.kind !== 'optimizer') && words.every(word => text.includes(word));
    });
  }, [weights, query, withOptimizer]);
  const shown = useMemo(() => found.slice(0, pages * PAGE), [found, pages]);
  const known = useStatistics(file, shown);
  return (
    <div className="layerlab-file-weights">
      <div className="layerlab-toolbar">
        <input
          type="search"
          className="layerlab-search"
          placeholder={trans.__('Filter weights')}
          aria-label={trans.__('Filter weights by layer, name, shape or type')}
          value={query}
          onChange={event => setQuery(event.target.value)}
        />
        {hasOptimizer && (
          <label className="layerlab-check">
            <input
              type="checkbox"
              checked={withOptimizer}
              onChange={event => setWithOptimizer(event.target.checked)}
            />
            {trans.__('optimizer state')}
          </label>
        )}
        <span className="layerlab-faint" role="status">
          {trans.__('%1 arrays', count(found.length))}
          {weightsLeftOut > 0 && `, ${trans.__('%1 more are not listed', count(weightsLeftOut))}`}
        </span>
      </div>
      <div className="layerlab-table-scroll">
        <table className="layerlab-table">
          <thead>
            <tr>
              {columns().map(([title, isNumber]) => (
                <th key={title} scope="col" className={isNumber ? 'layerlab-number' : ''}>
                  <span>{title}</span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map(weight => (
              <WeightRow key={weight.path} weight={weight} statistics={known.get(weight.index)} />
            ))}
          </tbody>
        </table>
      </div>
      {shown.length < found.length && (
        <button type="button" className="layerlab-button" onClick={() => setPages(pages + 1)}>
          {trans.__('Show more (%1 left)', count(found.length - shown.length))}
        </button>
      )}
    </div>
  );
}

function columns(): [string, boolean][] {
  return [
    [trans.__('weight'), false],
    [trans.__('shape'), false],
    [trans.__('type'), false],
    [trans.__('values'), true],
    [trans.__('mean'), true],
    [trans.__('std'), true],
    [trans.__('min'), true],
    [trans.__('max'), true],
    [trans.__('zeros'), true],
    [trans.__('distribution'), false]
  ];
}

/** `statistics`: undefined while they are being computed, null where there are none. */
function WeightRow({ weight, statistics }: { weight: Weight; statistics: Statistics | null | undefined }) {
  const hasProblem = (statistics?.nonFinite ?? 0) > 0;
  return (
    <tr>
      <td title={clip(weight.path)}>
        {weight.layer !== '' && <b>{`${clip(weight.layer, 60)} `}</b>}
        <bdi>{clip(weight.name, 60)}</bdi>
        {weight.kind === 'weight' && !weight.isTrained && (
          <span className="layerlab-frozen">{` ${trans.__('not trained')}`}</span>
        )}
        {weight.kind === 'state' && <span className="layerlab-faint">{` ${trans.__('random state')}`}</span>}
      </td>
      <td className="layerlab-shape">{clip(weight.shape, 60)}</td>
      <td>{clip(weight.dtype, 20)}</td>
      <td className="layerlab-number" title={bytes(weight.sizeBytes)}>
        {shortCount(weight.count)}
      </td>
      {statistics === undefined || statistics === null ? (
        <td colSpan={6} className="layerlab-faint">
          {statistics === undefined ? '…' : trans.__('no numbers to look at')}
        </td>
      ) : (
        <>
          <td className="layerlab-number">{value(statistics.mean)}</td>
          <td className="layerlab-number">{value(statistics.std)}</td>
          <td className="layerlab-number">{value(statistics.min)}</td>
          <td className="layerlab-number">{value(statistics.max)}</td>
          <td className="layerlab-number">{percent(statistics.zeros / statistics.examined)}</td>
          <td>
            <Histogram statistics={statistics} />
            {hasProblem && (
              <span className="layerlab-file-bad">
                {trans.__('%1 not finite', count(statistics.nonFinite))}
              </span>
            )}
            {statistics.examined < weight.count && (
              <span className="layerlab-faint" title={trans.__('from %1 values', count(statistics.examined))}>
                {` ${trans.__('sampled')}`}
              </span>
            )}
          </td>
        </>
      )}
    </tr>
  );
}

function percent(share: number): string {
  return share === 0 ? '0' : share < 0.001 ? '<0.1 %' : `${(share * 100).toFixed(1)} %`;
}

/** The statistics of what shows, asked for one after the other: the last wish never waits for long. */
function useStatistics(file: ModelFile, shown: readonly Weight[]): Known {
  const [known, setKnown] = useState<{ file: ModelFile; values: Known }>({ file, values: new Map() });
  const values = known.file === file ? known.values : NONE;
  const next = shown.find(weight => !values.has(weight.index))?.index;
  useEffect(() => {
    if (next === undefined) {
      return;
    }
    let isCurrent = true;
    const note = (statistics: Statistics | null) => {
      if (isCurrent) {
        setKnown(before => ({
          file,
          values: new Map(before.file === file ? before.values : NONE).set(next, statistics)
        }));
      }
    };
    file.statistics(next).then(note, () => note(null));
    return () => {
      isCurrent = false;
    };
  }, [file, next]);
  return values;
}

const NONE: Known = new Map();
