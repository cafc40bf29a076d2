/** Above the graph: search, folding, and what the colours mean. */
import { clip } from '../shared/text';
import { familiesOf, familyClass } from './family';
import type { Hierarchy } from './visible';

type ToolbarProps = {
  graph: Hierarchy;
  folded: ReadonlySet<string>;
  query: string;
  matches: readonly string[];
  onQuery: (query: string) => void;
  /** Go to the next match. */
  onNext: () => void;
  onFold: (groups: ReadonlySet<string>) => void;
  onFit: () => void;
};

export function Toolbar({ graph, folded, query, matches, onQuery, onNext, onFold, onFit }: ToolbarProps) {
  return (
    <div className="layerlab-toolbar">
      <input
        type="search"
        className="layerlab-search"
        placeholder="Find a layer"
        aria-label="Find layers by name, class or shape"
        value={query}
        onChange={event => onQuery(event.target.value)}
        onKeyDown={event => {
          if (event.key === 'Enter') {
            onNext();
          }
        }}
      />
      <span className="layerlab-faint" role="status">
        {query !== '' && `${matches.length} found`}
      </span>
      {graph.groups.length > 0 && (
        <>
          <button
            type="button"
            className="layerlab-button"
            onClick={() => onFold(new Set())}
            disabled={folded.size === 0}
          >
            Unfold all
          </button>
          <button
            type="button"
            className="layerlab-button"
            onClick={() => onFold(new Set(graph.groups))}
            disabled={folded.size === graph.groups.length}
          >
            Fold all
          </button>
        </>
      )}
      <button type="button" className="layerlab-button" onClick={onFit}>
        Fit
      </button>
      <ul className="layerlab-families" aria-label="Colours">
        {familiesOf([...graph.nodes.values()].map(node => node.family)).map(({ family, name }) => (
          <li key={family}>
            <span className={`layerlab-dot ${familyClass(family)}`} />
            {name}
          </li>
        ))}
      </ul>
    </div>
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
      return words.every(word => text.includes(word));
    })
    .map(node => node.id);
}
