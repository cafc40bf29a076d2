/** The plugin that reads the settings, and again whenever they change. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { PLUGINS } from './ids';
import { Preferences } from './preferences';
import { IPreferences } from './tokens';

export const settings: JupyterFrontEndPlugin<Preferences> = {
  id: PLUGINS.settings,
  description: 'The settings of layerlab.',
  autoStart: true,
  optional: [ISettingRegistry],
  provides: IPreferences,
  activate: (_: JupyterFrontEnd, registry: ISettingRegistry | null) => {
    const preferences = new Preferences();
    registry
      ?.load(PLUGINS.settings)
      .then(loaded => {
        const update = () => preferences.update(loaded.composite);
        loaded.changed.connect(update);
        update();
      })
      // What cannot be read has its defaults; nobody should lose a chart by a broken settings file.
      .catch(error => console.warn('layerlab: the settings cannot be read', error));
    return preferences;
  }
};
