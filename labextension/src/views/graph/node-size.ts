/** How large a node is drawn: by its text, because a worker cannot measure one. */
import type { NodeInfo } from '../../protocol';
import { clip, shortCount } from '../shared/text';

export const NODE_HEIGHT = 46;
const [NARROW, WIDE] = [132, 330];
/** Widths of a character in a wide font, by the sizes of style/graph.css, and of what is no text. */
const [BOLD, SMALL, CODE, LOCK, FOLD, GAP, FRAME] = [8.9, 6.8, 6.7, 16, 26, 14, 28];

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
  const first = texts.name.length * BOLD + texts.className.length * SMALL + (info.is_group ? FOLD : 0);
  const second = texts.shape.length * CODE + texts.parameters.length * SMALL + (info.trainable ? 0 : LOCK);
  const width = Math.ceil(Math.max(first, second) + GAP + FRAME);
  return { width: Math.min(WIDE, Math.max(NARROW, width)), height: NODE_HEIGHT };
}
