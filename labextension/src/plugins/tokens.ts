/** What our plugins offer each other. */
import { Token } from '@lumino/coreutils';
import type { Connections } from '../kernel/connections';
import type { Models } from '../kernel/followed-models';
import type { ModelBundle } from '../protocol';
import type { ModelView } from '../views/kernel-overview';
import type { Notebooks } from './active-notebook';
import type { Preferences } from './preferences';

/** Connections to kernels, one each. */
export const IConnections = new Token<Connections>(
  'layerlab-jupyter:IConnections',
  'The connections to kernels and the runs that are followed.'
);

/** The models that are followed. */
export const IModels = new Token<Models>('layerlab-jupyter:IModels', 'The models of kernels, followed live.');

/** The active notebook and those beside it, and what their kernels have. */
export const INotebooks = new Token<Notebooks>(
  'layerlab-jupyter:INotebooks',
  'The active notebook, and the models and runs of its kernel.'
);

/** The person's settings. */
export const IPreferences = new Token<Preferences>(
  'layerlab-jupyter:IPreferences',
  'The settings, as they are now.'
);

/** What a panel shows: one view of a model, or one run. */
export type PanelSubject =
  | { kind: 'model'; kernelId: string; id: string; view: ModelView }
  | { kind: 'run'; kernelId: string; id: string };

/** Opens panels beside the notebook. */
export interface IPanels {
  /** Open a model as it was shown: this works without its kernel. */
  openModel(model: ModelBundle, view: ModelView): void;
  /** Open what a kernel knows. */
  open(subject: PanelSubject): void;
}

export const IPanels = new Token<IPanels>(
  'layerlab-jupyter:IPanels',
  'Opens models and runs in the main area.'
);
