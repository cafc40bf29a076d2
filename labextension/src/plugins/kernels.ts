/** The plugins that hold the connections to kernels, and the models that are followed over them. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Connections } from '../kernel/connections';
import { Models } from '../kernel/followed-models';
import { RunLogs } from '../kernel/run-logs';
import { REQUEST } from '../protocol';
import { lossText } from '../views/shared/loss-text';
import { speak } from '../views/shared/translation';
import { DOMAIN, PLUGINS } from './ids';
import { IConnections, IModels } from './tokens';

export const kernels: JupyterFrontEndPlugin<Connections> = {
  id: PLUGINS.kernels,
  description: 'Connections to kernels that train models.',
  autoStart: true,
  provides: IConnections,
  optional: [ITranslator],
  activate: (app: JupyterFrontEnd, translator: ITranslator | null) => {
    // Here, because all our plugins need this one: it is activated first.
    speak((translator ?? nullTranslator).load(DOMAIN));
    leaveKernelStatusAlone();
    const { kernels, serverSettings, sessions } = app.serviceManager;
    return new Connections(kernels, new RunLogs(serverSettings, sessions), lossText);
  }
};

export const models: JupyterFrontEndPlugin<Models> = {
  id: PLUGINS.models,
  description: 'Models of kernels, followed live.',
  autoStart: true,
  provides: IModels,
  requires: [IConnections],
  activate: (_: JupyterFrontEnd, connections: Connections) => new Models(connections)
};

/**
 * A kernel says busy and idle around each request, and JupyterLab would show a running cell's kernel
 * as idle (or blink, several times a second): requests of ours do not count.
 */
function leaveKernelStatusAlone(): void {
  const option = 'untracked_message_types';
  let untracked: unknown;
  try {
    untracked = JSON.parse(PageConfig.getOption(option) || '[]');
  } catch {
    untracked = [];
  }
  PageConfig.setOption(option, JSON.stringify([...(Array.isArray(untracked) ? untracked : []), REQUEST]));
}
