/** The plugins of the lab extension, nothing else. */
import { commands } from './plugins/commands';
import { kernels } from './plugins/kernels';
import { mime } from './plugins/mime';
import { panel } from './plugins/panel';

export default [kernels, mime, panel, commands];
