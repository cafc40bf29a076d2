/** The plugin that knows the active notebook, and what its kernel has. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import type { Connections } from '../kernel/connections';
import { Overviews } from '../kernel/kernel-overviews';
import { Notebooks } from './active-notebook';
import { PLUGINS } from './ids';
import type { Preferences } from './preferences';
import { IConnections, INotebooks, IPreferences } from './tokens';

export const notebooks: JupyterFrontEndPlugin<Notebooks> = {
  id: PLUGINS.notebooks,
  description: 'Knows the active notebook, and the models and runs of its kernel.',
  autoStart: true,
  requires: [IConnections, IPreferences],
  optional: [INotebookTracker],
  provides: INotebooks,
  activate: (
    _: JupyterFrontEnd,
    connections: Connections,
    preferences: Preferences,
    tracker: INotebookTracker | null
  ) => {
    const pause = () => preferences.current.refreshSeconds * 1000;
    return new Notebooks(tracker, new Overviews(connections, pause));
  }
};
