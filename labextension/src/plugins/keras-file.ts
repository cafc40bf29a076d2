/** The plugin that opens model files of the file browser: no kernel, and nothing of the file is run. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { WidgetTracker } from '@jupyterlab/apputils';
import {
  ABCWidgetFactory,
  type DocumentRegistry,
  DocumentWidget,
  TextModelFactory
} from '@jupyterlab/docregistry';
import type { Contents } from '@jupyterlab/services';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { FilePanel } from './file-panel';
import { layerlabIcon } from './icon';
import { DOMAIN, PLUGINS } from './ids';

const [FACTORY, MODEL] = ['Keras Model', 'layerlab-unread'];
const [KERAS, WEIGHTS] = ['keras-model', 'keras-weights'];

export const kerasFile: JupyterFrontEndPlugin<void> = {
  id: PLUGINS.kerasFile,
  description: 'Shows .keras and .weights.h5 files.',
  autoStart: true,
  optional: [ILayoutRestorer, ITranslator],
  activate: (app: JupyterFrontEnd, restorer: ILayoutRestorer | null, translator: ITranslator | null) => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const { docRegistry, serviceManager } = app;
    const binary = { fileFormat: 'base64', contentType: 'file', icon: layerlabIcon } as const;
    docRegistry.addFileType({
      name: KERAS,
      displayName: trans.__('Keras model'),
      extensions: ['.keras'],
      mimeTypes: ['application/vnd.keras'],
      ...binary
    });
    docRegistry.addFileType({
      name: WEIGHTS,
      displayName: trans.__('Keras weights'),
      extensions: ['.weights.h5'],
      mimeTypes: ['application/x-hdf5'],
      ...binary
    });
    docRegistry.addModelFactory(new UnreadFactory());
    const factory = new ViewerFactory(serviceManager.contents, {
      name: FACTORY,
      label: trans.__('Keras Model'),
      modelName: MODEL,
      fileTypes: [KERAS, WEIGHTS],
      defaultFor: [KERAS, WEIGHTS],
      readOnly: true
    });
    const tracker = new WidgetTracker<DocumentWidget<FilePanel>>({ namespace: 'layerlab-keras-file' });
    factory.widgetCreated.connect((_, widget) => {
      void tracker.add(widget);
    });
    docRegistry.addWidgetFactory(factory);
    if (restorer) {
      void restorer.restore(tracker, {
        command: 'docmanager:open',
        args: ({ context }) => ({ path: context.path, factory: FACTORY }),
        name: ({ context }) => context.path
      });
    }
  }
};

/** Without a format JupyterLab asks for a file's size and date only: the bytes are fetched as they are. */
class UnreadFactory extends TextModelFactory {
  override get name(): string {
    return MODEL;
  }

  override get fileFormat(): Contents.FileFormat {
    return null;
  }
}

class ViewerFactory extends ABCWidgetFactory<DocumentWidget<FilePanel>> {
  constructor(
    private readonly contents: Contents.IManager,
    options: DocumentRegistry.IWidgetFactoryOptions
  ) {
    super(options);
  }

  protected override createNewWidget(context: DocumentRegistry.Context): DocumentWidget<FilePanel> {
    const widget = new DocumentWidget({ content: new FilePanel(context, this.contents), context });
    widget.title.icon = layerlabIcon;
    widget.toolbar.hide();
    return widget;
  }
}
