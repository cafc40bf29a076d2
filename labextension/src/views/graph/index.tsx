/** The model as a picture: layers as boxes from top to bottom, nested models as groups that fold. */
import '@xyflow/react/dist/base.css';
import { Background, Controls, MarkerType, ReactFlow, ReactFlowProvider } from '@xyflow/react';
import { useCallback, useMemo, useRef, useState } from 'react';
import type { DescribeLayer } from '../../kernel/follow-model';
import type { ModelGraph } from '../../protocol';
import { Details } from './details';
import { EdgeView, type RoutedEdge } from './edges';
import type { Layout } from './layout';
import { type BoxNode, BoxView, FoldContext, FrameView } from './nodes';
import { MARGIN, type Placed, useLayout, useViewport } from './placement';
import { search, Toolbar } from './toolbar';
import { ancestors, hierarchy, initiallyFolded, standIn, visible } from './visible';

export type GraphProps = {
  graph: ModelGraph;
  /** Fills its container; otherwise the view is as high as the graph, within limits. */
  fills: boolean;
  /** Asks the kernel for the weights of a layer; null where there is none. */
  describeLayer?: DescribeLayer | null;
};

const NODE_TYPES = { box: BoxView, frame: FrameView };
const EDGE_TYPES = { routed: EdgeView };
const ARROW = {
  type: MarkerType.ArrowClosed,
  width: 18,
  height: 18,
  markerUnits: 'userSpaceOnUse',
  color: 'var(--layerlab-edge)'
};
/** Edges pass behind the names of groups, which let them shine through elsewhere. */
const Z = { edge: 0, frame: 1, activeEdge: 2, box: 3 } as const;
const [MIN_HEIGHT, MAX_HEIGHT] = [220, 580];

export default function GraphView(props: GraphProps) {
  return (
    <ReactFlowProvider>
      <Graph {...props} />
    </ReactFlowProvider>
  );
}

function Graph({ graph, fills, describeLayer = null }: GraphProps) {
  const whole = useMemo(() => hierarchy(graph), [graph]);
  const [folded, setFolded] = useState(() => initiallyFolded(whole));
  const [selected, setSelected] = useState<string | null>(null);
  const [query, setQuery] = useState('');
  const shown = useMemo(() => visible(whole, folded), [whole, folded]);
  const placed = useLayout(shown);
  const matches = useMemo(() => search(whole, query), [whole, query]);
  const canvas = useRef<HTMLDivElement>(null);
  const show = useViewport(canvas, placed);

  const fold = useCallback((id: string) => setFolded(before => toggled(before, id)), []);
  const select = (id: string) => {
    const around = new Set(ancestors(whole, id));
    setFolded(before => ([...before].some(group => around.has(group)) ? without(before, around) : before));
    setSelected(id);
    show.request(id);
  };
  const selectNext = () => {
    const next = matches[(matches.indexOf(selected ?? '') + 1) % matches.length];
    if (next !== undefined) {
      select(next);
    }
  };

  const marked = useMemo(
    () => new Set(matches.map(id => standIn(whole, folded, id))),
    [whole, folded, matches]
  );
  const nodes = useMemo(
    () => toNodes(placed, marked, query !== '', selected),
    [placed, marked, query, selected]
  );
  const edges = useMemo(() => toEdges(placed, selected), [placed, selected]);
  const info = selected === null ? undefined : whole.nodes.get(selected);
  const height = fills ? undefined : heightFor(placed?.layout ?? null);

  return (
    <FoldContext.Provider value={fold}>
      <div className={`layerlab-graph${fills ? ' layerlab-fills' : ''}`}>
        <Toolbar
          graph={whole}
          folded={folded}
          query={query}
          matches={matches}
          onQuery={setQuery}
          onNext={selectNext}
          onFold={setFolded}
          onFit={show.fit}
        />
        <div className="layerlab-canvas" style={{ height }} ref={canvas}>
          <ReactFlow
            nodes={nodes}
            edges={edges}
            nodeTypes={NODE_TYPES}
            edgeTypes={EDGE_TYPES}
            onNodeClick={(_, node) => setSelected(node.id)}
            onPaneClick={() => setSelected(null)}
            onKeyDown={event => event.key === 'Escape' && setSelected(null)}
            onSelectionChange={({ nodes: [node] }) => node && setSelected(node.id)}
            nodesDraggable={false}
            nodesConnectable={false}
            edgesFocusable={false}
            deleteKeyCode={null}
            zIndexMode="manual"
            minZoom={0.05}
            maxZoom={2}
            // In a cell the wheel scrolls the notebook; Ctrl and the wheel zoom.
            preventScrolling={fills}
            zoomOnScroll={false}
            panOnScroll={fills}
            zoomActivationKeyCode={ZOOM_KEYS}
            onlyRenderVisibleElements={nodes.length > 150}
          >
            <Background gap={18} size={1} />
            <Controls showInteractive={false} showFitView={false} />
          </ReactFlow>
          {placed === null && <p className="layerlab-empty layerlab-overlay">Arranging the layers …</p>}
          {info && (
            <Details
              info={info}
              graph={whole}
              describeLayer={describeLayer}
              onSelect={select}
              onClose={() => setSelected(null)}
            />
          )}
        </div>
      </div>
    </FoldContext.Provider>
  );
}

const ZOOM_KEYS = ['Control', 'Meta'];

function heightFor(found: Layout | null): number {
  const height = (found?.height ?? 0) + 2 * MARGIN;
  return Math.min(MAX_HEIGHT, Math.max(MIN_HEIGHT, height));
}

function without(before: ReadonlySet<string>, removed: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...before].filter(id => !removed.has(id)));
}

function toggled(before: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const after = new Set(before);
  if (!after.delete(id)) {
    after.add(id);
  }
  return after;
}

function toNodes(
  placed: Placed | null,
  marked: ReadonlySet<string>,
  isSearching: boolean,
  selected: string | null
): BoxNode[] {
  if (placed === null) {
    return [];
  }
  const { boxes, hasGroups } = placed.layout;
  return placed.graph.nodes.flatMap(({ info, kind, parent }): BoxNode[] => {
    const box = boxes.get(info.id);
    if (box === undefined) {
      return [];
    }
    const isMatch = marked.has(info.id);
    return [
      {
        id: info.id,
        type: kind === 'open' ? 'frame' : 'box',
        position: { x: box.x, y: box.y },
        width: box.width,
        height: box.height,
        selected: info.id === selected,
        zIndex: kind === 'open' ? Z.frame : Z.box,
        data: { info, isFolded: kind === 'folded', isMatch, isDimmed: isSearching && !isMatch },
        ...(hasGroups && parent !== null ? { parentId: parent } : {})
      }
    ];
  });
}

function toEdges(placed: Placed | null, selected: string | null): RoutedEdge[] {
  if (placed === null) {
    return [];
  }
  return placed.graph.edges.map(({ id, source, target, labels }) => {
    const isActive = selected !== null && (source === selected || target === selected);
    return {
      id,
      source,
      target,
      type: 'routed',
      markerEnd: ARROW,
      zIndex: isActive ? Z.activeEdge : Z.edge,
      data: { points: placed.layout.routes.get(id) ?? null, label: labels.join(', '), isActive }
    };
  });
}
