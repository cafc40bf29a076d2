/** The weights of the selected layer, asked for again while somebody looks. */
import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import { type DescribeLayer, isBusy } from '../../kernel/model-follower';
import { Poller } from '../../kernel/poller';
import type { LayerReport } from '../../protocol';
import { reasonText } from '../shared/error-reason';
import { clip } from '../shared/text';
import { trans } from '../shared/translation';

/** Milliseconds until the next request: while the model trains, while it rests, and after 'busy'. */
const PAUSES = { training: 1_000, resting: 4_000, busy: 400 } as const;

type Known = {
  readonly report: LayerReport | null;
  /** Why there is nothing newer; '' if all is well. */
  readonly message: string;
  readonly isLoading: boolean;
};

export type ReportState = Known & { refresh: () => void };

const NOTHING: Known = { report: null, message: '', isLoading: false };

/** What the kernel tells of a layer, kept up to date while `el` is in view. */
export function useReport(
  describe: DescribeLayer | null,
  nodeId: string,
  el: RefObject<HTMLElement>
): ReportState {
  const [known, setKnown] = useState(NOTHING);
  const latest = useRef(known);
  latest.current = known;
  const [asked, setAsked] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies(asked): a refresh begins anew
  useEffect(() => {
    if (describe === null) {
      setKnown(NOTHING);
      return;
    }
    const { report } = latest.current;
    const poller = reportPoller(() => describe(nodeId), el, report?.layer.node_id === nodeId ? report : null);
    setKnown(poller.state);
    return poller.subscribe(() => setKnown(poller.state));
  }, [describe, nodeId, el, asked]);
  const refresh = useCallback(() => setAsked(before => before + 1), []);
  return { ...known, refresh };
}

/** Asks as often as the layer may have changed; an answer that asking again would not change is the last. */
export function reportPoller(
  ask: () => Promise<LayerReport>,
  el: RefObject<HTMLElement>,
  known: LayerReport | null = null
): Poller<Known> {
  let pause: number | null = null;
  const poller = new Poller<Known>({ report: known, message: '', isLoading: true }, async () => {
    const isFirst = pause === null;
    if (isFirst || isInView(el.current)) {
      pause = await ask().then(told, refused);
    }
    return pause;
  });
  const told = (report: LayerReport) => {
    poller.publish({ report, message: '', isLoading: false });
    if (report.layer.weights.length === 0) {
      return null;
    }
    return report.training ? PAUSES.training : PAUSES.resting;
  };
  const refused = (error: unknown) => {
    if (isBusy(error)) {
      poller.publish({ ...poller.state, message: trans.__('The layer is in use, asking again …') });
      return PAUSES.busy;
    }
    poller.publish({ ...poller.state, message: clip(reasonText(error), 300), isLoading: false });
    return null;
  };
  return poller;
}

function isInView(el: HTMLElement | null): boolean {
  if (el === null || document.visibilityState === 'hidden') {
    return false;
  }
  const { top, bottom, width } = el.getBoundingClientRect();
  return width > 0 && bottom > 0 && top < window.innerHeight;
}
