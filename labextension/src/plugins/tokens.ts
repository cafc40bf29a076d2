/** What our plugins offer each other. */
import { Token } from '@lumino/coreutils';
import type { Connections } from '../kernel/connections';
import type { ModelBundle } from '../protocol';

/** Connections to kernels, one each. */
export const IConnections = new Token<Connections>(
  'layerlab-jupyter:IConnections',
  'The connections to kernels and the runs that are followed.'
);

/** What a panel shows. */
export type PanelSubject = { kind: 'model' | 'run'; kernelId: string; id: string };

/** Opens panels beside the notebook. */
export interface IPanels {
  /** Open a model as it was shown: this works without its kernel. */
  openModel(model: ModelBundle): void;
  /** Open what a kernel knows. */
  open(subject: PanelSubject): void;
}

export const IPanels = new Token<IPanels>(
  'layerlab-jupyter:IPanels',
  'Opens models and runs in the main area.'
);
