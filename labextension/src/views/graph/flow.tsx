/** React Flow as it is used here: it draws and zooms; selection, keys and folding are ours. */
import '@xyflow/react/dist/base.css';
import { Background, Controls, type Edge, ReactFlow } from '@xyflow/react';
import { EdgeView } from './edges';
import { type BoxNode, BoxView, FrameView } from './nodes';

type FlowProps = {
  elements: { nodes: BoxNode[]; edges: Edge[] };
  label: string;
  /** The id of the text that tells about the keys. */
  help: string;
  fills: boolean;
  isLarge: boolean;
  minZoom: number;
  onOpen: (id: string) => void;
  /** A click beside all nodes. */
  onLeave: () => void;
};

const NODE_TYPES = { box: BoxView, frame: FrameView };
const EDGE_TYPES = { routed: EdgeView };
const ZOOM_KEYS = ['Control', 'Meta'];

export function Flow({ elements, label, help, fills, isLarge, minZoom, onOpen, onLeave }: FlowProps) {
  return (
    <ReactFlow
      nodes={elements.nodes}
      edges={elements.edges}
      nodeTypes={NODE_TYPES}
      edgeTypes={EDGE_TYPES}
      onNodeClick={(_, node) => onOpen(node.id)}
      onPaneClick={onLeave}
      nodesDraggable={false}
      nodesConnectable={false}
      nodesFocusable={false}
      edgesFocusable={false}
      elementsSelectable={false}
      disableKeyboardA11y
      deleteKeyCode={null}
      selectionKeyCode={null}
      zIndexMode="manual"
      minZoom={minZoom}
      maxZoom={2}
      // In a cell the wheel scrolls the notebook; Ctrl and the wheel zoom.
      preventScrolling={fills}
      zoomOnScroll={false}
      panOnScroll={fills}
      zoomActivationKeyCode={ZOOM_KEYS}
      // The same for folded and unfolded: changed at that moment, it would draw all of what goes.
      onlyRenderVisibleElements={isLarge}
      role="group"
      aria-label={label}
      aria-describedby={help}
    >
      <Background gap={18} size={1} />
      <Controls showInteractive={false} showFitView={false} />
    </ReactFlow>
  );
}
