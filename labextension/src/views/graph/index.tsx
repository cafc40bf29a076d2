/** The model as a picture: layers as boxes along the flow of data, nested models as groups that fold. */
import '@xyflow/react/dist/base.css';
import { Background, Controls, ReactFlow, ReactFlowProvider } from '@xyflow/react';
import { type KeyboardEvent, useCallback, useId, useMemo, useRef, useState } from 'react';
import type { DescribeLayer } from '../../kernel/model-follower';
import type { ModelGraph } from '../../protocol';
import { clip } from '../shared/text';
import { trans } from '../shared/translation';
import { EdgeView } from './edges';
import { download, type PictureFormat } from './export';
import { markEdges, markNodes, toEdges, toNodes } from './flow-nodes';
import { isArrowKey, neighbour } from './keyboard';
import { Details } from './layer-details';
import type { Direction, Layout } from './layout';
import { BoxView, FoldContext, FrameView } from './nodes';
import { LARGE_ZOOM, MARGIN, SMALLEST_ZOOM, useLayout, useViewport } from './placement';
import { search, Toolbar } from './toolbar';
import { ancestors, hierarchy, initiallyFolded, standIn, visible } from './visible-graph';

export type GraphProps = {
  graph: ModelGraph;
  /** What the graph is called when it is exported. */
  name?: string;
  /** Fills its container; otherwise the view is as high as the graph, within limits. */
  fills: boolean;
  /** Asks the kernel for the weights of a layer; null where there is none. */
  describeLayer?: DescribeLayer | null;
};

const NODE_TYPES = { box: BoxView, frame: FrameView };
const EDGE_TYPES = { routed: EdgeView };
const [MIN_HEIGHT, MAX_HEIGHT] = [220, 580];
/** Of a graph with more nodes only those in view are drawn. */
const MOST_DRAWN = 150;
/** How long a node that is asked for may take to come into view. */
const MOST_FRAMES = 40;

export default function GraphView(props: GraphProps) {
  return (
    <ReactFlowProvider>
      <Graph {...props} />
    </ReactFlowProvider>
  );
}

function Graph({ graph, name = '', fills, describeLayer = null }: GraphProps) {
  const whole = useMemo(() => hierarchy(graph), [graph]);
  const [folded, setFolded] = useState(() => initiallyFolded(whole));
  const [direction, setDirection] = useState<Direction>('down');
  const [selected, setSelected] = useState<string | null>(null);
  const [isOpen, setOpen] = useState(false);
  const [query, setQuery] = useState('');
  const [message, setMessage] = useState('');
  const shown = useMemo(() => visible(whole, folded), [whole, folded]);
  const placed = useLayout(shown, direction);
  const matches = useMemo(() => search(whole, query), [whole, query]);
  const canvas = useRef<HTMLDivElement>(null);
  const isLarge = whole.nodes.size > MOST_DRAWN;
  const show = useViewport(canvas, placed, isLarge);
  const help = useId();
  /** What gets the focus as soon as it is drawn: keys that come meanwhile go on from there. */
  const coming = useRef<string | null>(null);

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
      setOpen(true);
    }
  };
  const focus = (id: string) => {
    coming.current = id;
    void focusNode(canvas.current, id, () => coming.current === id).then(() => {
      coming.current = coming.current === id ? null : coming.current;
    });
  };
  const close = () => {
    setOpen(false);
    if (selected !== null) {
      focus(selected);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const target = nodeIdOf(event.target);
    const id = target === null ? null : (coming.current ?? target);
    if (event.key === 'Escape') {
      if (isOpen) {
        close();
      } else {
        setSelected(null);
      }
    } else if (id === null || placed === null) {
      return;
    } else if (isArrowKey(event.key)) {
      const next = neighbour(placed.graph, placed.layout, id, event.key);
      if (next !== null) {
        setSelected(next);
        show.request(next);
        focus(next);
      }
    } else if (event.key === 'Enter') {
      setSelected(id);
      setOpen(true);
    } else if (event.key === ' ' && whole.nodes.get(id)?.is_group) {
      fold(id);
      focus(id);
    } else {
      return;
    }
    // The notebook has uses of its own for these keys.
    event.preventDefault();
    event.stopPropagation();
  };
  const save = (format: PictureFormat) => {
    if (placed !== null) {
      download(placed, name, format).then(
        () => setMessage(''),
        (error: unknown) => setMessage(trans.__('The picture could not be made: %1', clip(String(error))))
      );
    }
  };

  const marked = useMemo(
    () => new Set(matches.map(id => standIn(whole, folded, id))),
    [whole, folded, matches]
  );
  const plainNodes = useMemo(() => toNodes(placed), [placed]);
  const plainEdges = useMemo(() => toEdges(placed), [placed]);
  const nodes = useMemo(() => markNodes(plainNodes, selected, marked), [plainNodes, selected, marked]);
  const edges = useMemo(() => markEdges(plainEdges, selected), [plainEdges, selected]);
  const info = selected === null || !isOpen ? undefined : whole.nodes.get(selected);
  const height = fills ? undefined : heightFor(placed?.layout ?? null);

  return (
    <FoldContext.Provider value={fold}>
      <div className={`layerlab-graph${fills ? ' layerlab-fills' : ''}`}>
        <Toolbar
          graph={whole}
          folded={folded}
          query={query}
          matches={matches}
          direction={direction}
          onQuery={setQuery}
          onNext={selectNext}
          onFold={setFolded}
          onFit={show.fit}
          onDirection={setDirection}
          onExport={save}
        />
        {message !== '' && <p role="alert">{message}</p>}
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys come from the nodes inside */}
        <div
          className={query === '' ? 'layerlab-canvas' : 'layerlab-canvas layerlab-searching'}
          style={{ height }}
          ref={canvas}
          onKeyDown={onKeyDown}
          aria-busy={placed?.graph !== shown || placed.layout.direction !== direction}
        >
          <p id={help} hidden>
            {trans.__('Arrow keys go along the edges, Enter opens the details, Space folds a group.')}
          </p>
          <ReactFlow
            nodes={nodes}
            edges={edges}
            nodeTypes={NODE_TYPES}
            edgeTypes={EDGE_TYPES}
            onNodeClick={(_, node) => {
              coming.current = null;
              setSelected(node.id);
              setOpen(true);
            }}
            onPaneClick={() => {
              setSelected(null);
              setOpen(false);
            }}
            nodesDraggable={false}
            nodesConnectable={false}
            nodesFocusable={false}
            edgesFocusable={false}
            elementsSelectable={false}
            disableKeyboardA11y
            deleteKeyCode={null}
            selectionKeyCode={null}
            zIndexMode="manual"
            minZoom={isLarge ? LARGE_ZOOM : SMALLEST_ZOOM}
            maxZoom={2}
            // In a cell the wheel scrolls the notebook; Ctrl and the wheel zoom.
            preventScrolling={fills}
            zoomOnScroll={false}
            panOnScroll={fills}
            zoomActivationKeyCode={ZOOM_KEYS}
            // The same for folded and unfolded: changed at that moment, it would draw all of what goes.
            onlyRenderVisibleElements={isLarge}
            role="group"
            aria-label={trans.__('Graph of %1 layers', graph.nodes.length)}
            aria-describedby={help}
          >
            <Background gap={18} size={1} />
            <Controls showInteractive={false} showFitView={false} />
          </ReactFlow>
          {placed === null && (
            <p className="layerlab-empty layerlab-overlay">{trans.__('Arranging the layers …')}</p>
          )}
          {info && (
            <Details
              info={info}
              graph={whole}
              describeLayer={describeLayer}
              onSelect={select}
              onClose={close}
            />
          )}
        </div>
      </div>
    </FoldContext.Provider>
  );
}

const ZOOM_KEYS = ['Control', 'Meta'];

/** The node that an event happened in, if it was not in a button of it. */
function nodeIdOf(target: EventTarget): string | null {
  const node = target instanceof HTMLElement && target.classList.contains('react-flow__node') ? target : null;
  return node?.dataset.id ?? null;
}

/** Focus a node, now or once it is drawn (it may have to come into view first), as long as it is wanted. */
async function focusNode(canvas: HTMLElement | null, id: string, isWanted: () => boolean): Promise<void> {
  for (let frames = 0; frames < MOST_FRAMES && canvas?.isConnected && isWanted(); frames++) {
    const nodes = canvas.querySelectorAll<HTMLElement>('.react-flow__node');
    const node = [...nodes].find(element => element.dataset.id === id);
    if (node) {
      node.focus({ preventScroll: true });
      return;
    }
    await new Promise(requestAnimationFrame);
  }
}

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
