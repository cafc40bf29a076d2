/** Runs `arrange` beside the page: a request in, its arrangement out. */
import { arrange, type Request } from './layered';

/** The part of a worker's global scope that is used: the library of its types is for workers only. */
type Scope = {
  onmessage: ((event: MessageEvent<{ id: number; request: Request }>) => void) | null;
  postMessage: (message: unknown) => void;
};

const scope = self as unknown as Scope;
scope.onmessage = ({ data }) => scope.postMessage({ id: data.id, arrangement: arrange(data.request) });
