/** The plugins of the lab extension, nothing else. */
import { commands } from './plugins/commands';
import { kerasFile } from './plugins/keras-file';
import { kernels, models } from './plugins/kernels';
import { mime } from './plugins/mime';
import { notebooks } from './plugins/notebooks';
import { panel } from './plugins/panel';
import { settings } from './plugins/settings';
import { sidebar } from './plugins/sidebar';
import { status } from './plugins/status-bar';
import { steering } from './plugins/steering-commands';

export default [
  kernels,
  models,
  settings,
  notebooks,
  mime,
  panel,
  sidebar,
  status,
  commands,
  steering,
  kerasFile
];
