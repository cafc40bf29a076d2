/** Names that JupyterLab knows us by. */

export const PLUGINS = {
  kernels: 'layerlab-jupyter:kernels',
  models: 'layerlab-jupyter:models',
  settings: 'layerlab-jupyter:settings',
  notebooks: 'layerlab-jupyter:notebooks',
  mime: 'layerlab-jupyter:mime',
  panel: 'layerlab-jupyter:panel',
  sidebar: 'layerlab-jupyter:sidebar',
  status: 'layerlab-jupyter:status',
  commands: 'layerlab-jupyter:commands',
  steering: 'layerlab-jupyter:steering',
  kerasFile: 'layerlab-jupyter:keras-file'
} as const;

export const COMMANDS = {
  /** Open a model or a run of the active notebook's kernel, chosen from a list. */
  browse: 'layerlab:browse',
  /** Open a panel; arguments: kind, kernelId, id, and for a model view. */
  open: 'layerlab:open',
  /** Open the curves of the active notebook's newest run. */
  openCurves: 'layerlab:open-curves',
  /** Show the list of models and runs. */
  showSidebar: 'layerlab:show-sidebar',
  /** These steer the active notebook's run, and take no arguments. */
  pause: 'layerlab:pause',
  resume: 'layerlab:resume',
  step: 'layerlab:step',
  stepEpoch: 'layerlab:step-epoch',
  stop: 'layerlab:stop'
} as const;

/** The domain of our translated texts. */
export const DOMAIN = 'layerlab_jupyter';
