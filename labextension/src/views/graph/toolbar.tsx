/** Above the graph: search, folding, direction, export, and what the colours mean. */
import { Icon } from '../shared/icons';
import { clip } from '../shared/text';
import { trans } from '../shared/translation';
import type { PictureFormat } from './export';
import { familiesOf, familyStyle } from './layer-family';
import type { Direction } from './layout';
import type { Hierarchy } from './visible-graph';

type ToolbarProps = {
  graph: Hierarchy;
  folded: ReadonlySet<string>;
  query: string;
  matches: readonly string[];
  direction: Direction;
  onQuery: (query: string) => void;
  /** Go to the next match. */
  onNext: () => void;
  onFold: (groups: ReadonlySet<string>) => void;
  onFit: () => void;
  onDirection: (direction: Direction) => void;
  onExport: (format: PictureFormat) => void;
};

export function Toolbar(props: ToolbarProps) {
  const { graph, folded, query, matches, direction, onQuery, onNext, onFold, onFit } = props;
  const turned = direction === 'down' ? 'right' : 'down';
  const turn = turned === 'right' ? trans.__('Lay out from left to right') : trans.__('Lay out top down');
  return (
    <div className="layerlab-toolbar">
      <input
        type="search"
        className="layerlab-search"
        placeholder={trans.__('Find a layer')}
        aria-label={trans.__('Find layers by name, class or shape; Enter goes to the next')}
        value={query}
        onChange={event => onQuery(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Enter') {
            onNext();
          }
        }}
      />
      <span className="layerlab-faint" role="status">
        {query !== '' && trans.__('%1 found', matches.length)}
      </span>
      {graph.groups.length > 0 && (
        <>
          <Button text={trans.__('Unfold all')} onClick={() => onFold(new Set())} isOff={folded.size === 0} />
          <Button
            text={trans.__('Fold all')}
            onClick={() => onFold(new Set(graph.groups))}
            isOff={folded.size === graph.groups.length}
          />
        </>
      )}
      <Button text={trans.__('Show all')} hint={trans.__('Show the whole graph')} onClick={onFit} />
      <button
        type="button"
        className="layerlab-button"
        title={turn}
        aria-label={turn}
        onClick={() => props.onDirection(turned)}
      >
        <Icon name={turned} /> {turned === 'right' ? trans.__('Sideways') : trans.__('Top down')}
      </button>
      <Button
        text="SVG"
        hint={trans.__('Download what is shown as a drawing (SVG)')}
        onClick={() => props.onExport('svg')}
      />
      <Button
        text="PNG"
        hint={trans.__('Download what is shown as an image (PNG)')}
        onClick={() => props.onExport('png')}
      />
      <ul className="layerlab-families" aria-label={trans.__('Colours')}>
        {familiesOf([...graph.nodes.values()].map(node => node.family)).map(({ family, name }) => (
          <li key={family}>
            <span className="layerlab-dot" style={familyStyle(family)} />
            {name}
          </li>
        ))}
      </ul>
    </div>
  );
}

type ButtonProps = { text: string; hint?: string; onClick: () => void; isOff?: boolean };

function Button({ text, hint, onClick, isOff = false }: ButtonProps) {
  return (
    <button type="button" className="layerlab-button" title={hint} onClick={onClick} disabled={isOff}>
      {text}
    </button>
  );
}

/** Nodes whose name, class or shape contains the words of `query`. */
export function search(graph: Hierarchy, query: string): string[] {
  const words = clip(query, 100).toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) {
    return [];
  }
  return [...graph.nodes.values()]
    .filter(node => {
      const text = `${node.name} ${node.class_name} ${node.output_shape}`.toLowerCase();
      return !graph.made.has(node.id) && words.every(word => text.includes(word));
    })
    .map(node => node.id);
}
