/** Which node has the focus, or gets it as soon as it is drawn. */
import { type RefObject, useRef } from 'react';

export type NodeFocus = {
  /** Focus a node, now or when it has come into view. */
  focus: (id: string) => void;
  /** Wait for none any more. */
  forget: () => void;
  /** The node that an event is meant for; null if it happened in none. */
  nodeOf: (target: EventTarget) => string | null;
};

/** How long a node that is asked for may take to come into view. */
const MOST_FRAMES = 40;

export function useNodeFocus(canvas: RefObject<HTMLDivElement>): NodeFocus {
  /** What gets the focus as soon as it is drawn: keys that come meanwhile go on from there. */
  const coming = useRef<string | null>(null);
  return {
    focus: id => {
      coming.current = id;
      void focusNode(canvas.current, id, () => coming.current === id).then(() => {
        coming.current = coming.current === id ? null : coming.current;
      });
    },
    forget: () => {
      coming.current = null;
    },
    nodeOf: target => {
      const id = nodeIdOf(target);
      return id === null ? null : (coming.current ?? id);
    }
  };
}

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
