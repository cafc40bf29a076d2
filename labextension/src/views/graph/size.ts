/** How large a node is drawn: by its text, because a worker cannot measure one. */
import type { NodeInfo } from '../../protocol';
import { clip, shortCount } from '../shared/text';

export const NODE_HEIGHT = 46;
const CHARACTER = 6.7;
const MARGIN = 34;
const [NARROW, WIDE] = [132, 290];

/** The texts of a node: two lines, each with something at its end. */
export function nodeTexts(info: NodeInfo) {
  return {
    name: clip(info.name, 34),
    className: clip(info.class_name, 28),
    shape: clip(info.output_shape, 34),
    parameters: info.parameters > 0 ? shortCount(info.parameters) : ''
  };
}

export function nodeSize(info: NodeInfo): { width: number; height: number } {
  const texts = nodeTexts(info);
  const first = texts.name.length * 1.08 + texts.className.length * 0.92;
  const second = texts.shape.length + texts.parameters.length + (info.trainable ? 0 : 2);
  const width = Math.round(Math.max(first, second * 0.92) * CHARACTER + MARGIN);
  return { width: Math.min(WIDE, Math.max(NARROW, width)), height: NODE_HEIGHT };
}
