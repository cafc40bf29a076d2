/** The model as a picture: layers as boxes along the flow of data, nested models as groups that fold. */
import { ReactFlowProvider } from '@xyflow/react';
import { useId, useMemo, useRef, useState } from 'react';
import type { DescribeLayer } from '../../kernel/model-follower';
import type { ModelGraph } from '../../protocol';
import { trans } from '../shared/translation';
import { MARGIN } from './first-view';
import { Flow } from './flow';
import { graphKeys } from './graph-keys';
import { useElements } from './hooks/use-elements';
import { useFolding } from './hooks/use-folding';
import { useLayout } from './hooks/use-layout';
import { useNodeFocus } from './hooks/use-node-focus';
import { usePictureExport } from './hooks/use-picture-export';
import { useSearch } from './hooks/use-search';
import { useSelection } from './hooks/use-selection';
import { useViewport } from './hooks/use-viewport';
import { Details } from './layer-details';
import type { Direction, Layout } from './layout';
import { FoldContext } from './nodes';
import { Toolbar } from './toolbar';
import { hierarchy, visible } from './visible-graph';

export type GraphProps = {
  graph: ModelGraph;
  /** What the graph is called when it is exported. */
  name?: string;
  /** Fills its container; otherwise the view is as high as the graph, within limits. */
  fills: boolean;
  /** Asks the kernel for the weights of a layer; null where there is none. */
  describeLayer?: DescribeLayer | null;
};

const [MIN_HEIGHT, MAX_HEIGHT] = [220, 580];
/** Of a graph with more nodes only those in view are drawn. */
const MOST_DRAWN = 150;

export default function GraphView(props: GraphProps) {
  return (
    <ReactFlowProvider>
      <Graph {...props} />
    </ReactFlowProvider>
  );
}

function Graph({ graph, name = '', fills, describeLayer = null }: GraphProps) {
  const whole = useMemo(() => hierarchy(graph), [graph]);
  const [direction, setDirection] = useState<Direction>('down');
  const folding = useFolding(whole);
  const { folded, fold } = folding;
  const search = useSearch(whole, folded);
  const selection = useSelection();
  const shown = useMemo(() => visible(whole, folded), [whole, folded]);
  const placed = useLayout(shown, direction);
  const elements = useElements(placed, selection.selected, search.marked);
  const canvas = useRef<HTMLDivElement>(null);
  const isLarge = whole.nodes.size > MOST_DRAWN;
  const viewport = useViewport(canvas, placed, isLarge);
  const nodeFocus = useNodeFocus(canvas);
  const picture = usePictureExport(placed, name);
  const help = useId();

  const goTo = (id: string) => {
    folding.unfoldAround(id);
    selection.select(id);
    viewport.request(id);
  };
  const goToNext = () => {
    const next =
      search.matches[(search.matches.indexOf(selection.selected ?? '') + 1) % search.matches.length];
    if (next !== undefined) {
      goTo(next);
      selection.open(next);
    }
  };
  const closeDetails = () => {
    selection.close();
    if (selection.selected !== null) {
      nodeFocus.focus(selection.selected);
    }
  };
  const show = viewport.request;
  const onKeyDown = graphKeys({ whole, placed, selection, folding, nodeFocus, show, closeDetails });
  const info =
    selection.selected === null || !selection.isOpen ? undefined : whole.nodes.get(selection.selected);

  return (
    <FoldContext.Provider value={fold}>
      <div className={`layerlab-graph${fills ? ' layerlab-fills' : ''}`}>
        <Toolbar
          graph={whole}
          folded={folded}
          query={search.query}
          matches={search.matches}
          direction={direction}
          onQuery={search.setQuery}
          onNext={goToNext}
          onFold={folding.setFolded}
          onFit={viewport.fit}
          onDirection={setDirection}
          onExport={picture.save}
        />
        {picture.problem !== '' && <p role="alert">{picture.problem}</p>}
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys come from the nodes inside */}
        <div
          className={search.query === '' ? 'layerlab-canvas' : 'layerlab-canvas layerlab-searching'}
          style={{ height: fills ? undefined : heightFor(placed?.layout ?? null) }}
          ref={canvas}
          onKeyDown={onKeyDown}
          aria-busy={placed?.graph !== shown || placed.layout.direction !== direction}
        >
          <p id={help} hidden>
            {trans.__('Arrow keys go along the edges, Enter opens the details, Space folds a group.')}
          </p>
          <Flow
            elements={elements}
            label={trans.__('Graph of %1 layers', graph.nodes.length)}
            help={help}
            fills={fills}
            isLarge={isLarge}
            minZoom={viewport.minZoom}
            onOpen={id => {
              nodeFocus.forget();
              selection.open(id);
            }}
            onLeave={() => {
              selection.select(null);
              selection.close();
            }}
          />
          {placed === null && (
            <p className="layerlab-empty layerlab-overlay">{trans.__('Arranging the layers …')}</p>
          )}
          {info && (
            <Details
              info={info}
              graph={whole}
              describeLayer={describeLayer}
              onSelect={goTo}
              onClose={closeDetails}
            />
          )}
        </div>
      </div>
    </FoldContext.Provider>
  );
}

function heightFor(found: Layout | null): number {
  const height = (found?.height ?? 0) + 2 * MARGIN;
  return Math.min(MAX_HEIGHT, Math.max(MIN_HEIGHT, height));
}
