/** The weights of the selected layer, asked for again while somebody looks. */
import { type RefObject, useCallback, useEffect, useState } from 'react';
import { type DescribeLayer, isBusy } from '../../kernel/model-follower';
import type { LayerReport } from '../../protocol';
import { reasonText } from '../shared/error-reason';
import { clip } from '../shared/text';
import { trans } from '../shared/translation';

/** Milliseconds until the next request: while the model trains, while it rests, and after 'busy'. */
const PAUSES = { training: 1_000, resting: 4_000, busy: 400 } as const;

export type ReportState = {
  report: LayerReport | null;
  /** Why there is nothing newer; '' if all is well. */
  message: string;
  isLoading: boolean;
  refresh: () => void;
};

/** What the kernel tells of a layer, kept up to date while `el` is in view. */
export function useReport(
  describe: DescribeLayer | null,
  nodeId: string,
  el: RefObject<HTMLElement>
): ReportState {
  const [state, setState] = useState<Omit<ReportState, 'refresh'>>(NOTHING);
  const [asked, setAsked] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies(asked): a refresh begins anew
  useEffect(() => {
    if (describe === null) {
      setState(NOTHING);
      return;
    }
    const lifetime = new AbortController();
    setState(before => ({
      ...before,
      report: before.report?.layer.node_id === nodeId ? before.report : null,
      message: '',
      isLoading: true
    }));
    void follow(
      () => describe(nodeId),
      el,
      lifetime.signal,
      change => setState(before => ({ ...before, ...change }))
    );
    return () => lifetime.abort();
  }, [describe, nodeId, el, asked]);
  const refresh = useCallback(() => setAsked(before => before + 1), []);
  return { ...state, refresh };
}

const NOTHING = { report: null, message: '', isLoading: false };

type Change = Partial<Omit<ReportState, 'refresh'>>;

/** Ask, tell, wait, until aborted; an answer that asking again would not change ends it. */
export async function follow(
  ask: () => Promise<LayerReport>,
  el: RefObject<HTMLElement>,
  signal: AbortSignal,
  tell: (change: Change) => void
): Promise<void> {
  while (!signal.aborted) {
    let pause: number = PAUSES.resting;
    try {
      const report = await ask();
      if (signal.aborted) {
        return;
      }
      tell({ report, message: '', isLoading: false });
      if (report.layer.weights.length === 0) {
        return;
      }
      pause = report.training ? PAUSES.training : PAUSES.resting;
    } catch (error) {
      if (signal.aborted) {
        return;
      }
      if (!isBusy(error)) {
        tell({ message: clip(reasonText(error), 300), isLoading: false });
        return;
      }
      tell({ message: trans.__('The layer is in use, asking again …') });
      pause = PAUSES.busy;
    }
    do {
      await wait(pause, signal);
    } while (!signal.aborted && !isInView(el.current));
  }
}

function isInView(el: HTMLElement | null): boolean {
  if (el === null || document.visibilityState === 'hidden') {
    return false;
  }
  const { top, bottom, width } = el.getBoundingClientRect();
  return width > 0 && bottom > 0 && top < window.innerHeight;
}

function wait(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
