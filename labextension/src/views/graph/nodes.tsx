/** The boxes: a layer (or a folded group) in two lines, and the frame around an open group. */
import { Handle, type Node, type NodeProps, Position } from '@xyflow/react';
import { createContext, useContext } from 'react';
import type { NodeInfo } from '../../protocol';
import { Icon } from '../shared/icons';
import { clip, count } from '../shared/text';
import { trans } from '../shared/translation';
import { familyStyle } from './layer-family';
import { nodeTexts } from './node-size';

export type BoxNode = Node<{ info: NodeInfo; isFolded: boolean; isMatch: boolean }, 'box' | 'frame'>;

/** Folds or unfolds a group. */
export const FoldContext = createContext<(id: string) => void>(() => {});

export function BoxView({ data, selected }: NodeProps<BoxNode>) {
  const { info, isFolded } = data;
  const texts = nodeTexts(info);
  return (
    <div
      className={classes('layerlab-node', data, selected)}
      style={familyStyle(info.family)}
      title={description(info)}
    >
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <div className="layerlab-node-line">
        <span className="layerlab-node-name">{texts.name}</span>
        <span className="layerlab-node-class">{texts.className}</span>
        {isFolded && <FoldButton info={info} isFolded />}
      </div>
      <div className="layerlab-node-line layerlab-node-second">
        <span className="layerlab-node-shape">{texts.shape}</span>
        <span>
          {texts.parameters}
          {isFrozen(info) && <Icon name="lock" />}
        </span>
      </div>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}

export function FrameView({ data, selected }: NodeProps<BoxNode>) {
  const { info } = data;
  return (
    <div
      className={classes('layerlab-frame', data, selected)}
      style={familyStyle(info.family)}
      title={description(info)}
    >
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <div className="layerlab-frame-head">
        <span className="layerlab-node-name">{clip(info.name, 40)}</span>
        <span className="layerlab-node-class">{clip(info.class_name, 28)}</span>
        <FoldButton info={info} isFolded={false} />
      </div>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}

/** Has weights that training leaves alone. */
export function isFrozen(info: NodeInfo): boolean {
  return !info.trainable && info.parameters > 0;
}

function FoldButton({ info, isFolded }: { info: NodeInfo; isFolded: boolean }) {
  const fold = useContext(FoldContext);
  const name = clip(info.name, 60);
  const label = isFolded ? trans.__('Unfold %1', name) : trans.__('Fold %1', name);
  return (
    <button
      type="button"
      className="layerlab-fold nodrag nopan"
      aria-label={label}
      aria-expanded={!isFolded}
      tabIndex={-1}
      title={label}
      onClick={event => {
        event.stopPropagation();
        fold(info.id);
      }}
    >
      <Icon name={isFolded ? 'unfold' : 'fold'} />
    </button>
  );
}

function classes(base: string, data: BoxNode['data'], isSelected: boolean): string {
  const states = {
    'layerlab-node-group': data.isFolded,
    'layerlab-node-frozen': isFrozen(data.info),
    'layerlab-node-match': data.isMatch,
    'layerlab-node-selected': isSelected
  };
  return [base, ...Object.entries(states).flatMap(([name, holds]) => (holds ? [name] : []))].join(' ');
}

/** The node in words, for a hint and for those who do not see it. */
export function description(info: NodeInfo): string {
  const parameters = count(info.parameters);
  return [
    `${clip(info.name)} (${clip(info.class_name)})`,
    `${clip(info.output_shape)} ${clip(info.dtype)}`,
    isFrozen(info) ? trans.__('%1 parameters, frozen', parameters) : trans.__('%1 parameters', parameters)
  ].join('\n');
}
