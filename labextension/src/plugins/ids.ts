/** Names that JupyterLab knows us by. */

export const PLUGINS = {
  kernels: 'layerlab-jupyter:kernels',
  mime: 'layerlab-jupyter:mime',
  panel: 'layerlab-jupyter:panel',
  commands: 'layerlab-jupyter:commands'
} as const;

export const COMMANDS = {
  /** Open a model or a run of the active notebook's kernel, chosen from a list. */
  browse: 'layerlab:browse',
  /** Open a panel; arguments: kind, kernelId, id. */
  open: 'layerlab:open'
} as const;

/** The domain of our translated texts. */
export const DOMAIN = 'layerlab_jupyter';
