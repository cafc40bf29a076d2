/** A React tree in an element, for as long as `signal` is not aborted. */
import type { ReactNode } from 'react';
import { createRoot } from 'react-dom/client';

export function mount(el: HTMLElement, signal: AbortSignal, content: ReactNode): void {
  if (signal.aborted) {
    return;
  }
  const root = createRoot(el);
  root.render(content);
  // Not at once: React forbids to unmount while it renders, and an abort may come from there.
  signal.addEventListener('abort', () => setTimeout(() => root.unmount()), { once: true });
}
