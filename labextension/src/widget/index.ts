/** The fit monitor as an anywidget: for front ends that do not have the lab extension. */
import '../../style/base.css';
import '../../style/monitor.css';
import './widget.css';
import { render as draw } from '../views/monitor';
import { type WidgetModel, WidgetSource } from './pushed-source';

type Context = { model: WidgetModel };

/** One for each model: its views show the same run. */
export default () => {
  let source: WidgetSource | null = null;
  return {
    initialize({ model }: Context): () => void {
      source = new WidgetSource(model);
      return () => source?.close();
    },
    render({ el }: { el: HTMLElement }): () => void {
      const lifetime = new AbortController();
      const box = document.createElement('div');
      box.className = `layerlab-widget${ownColours()}`;
      el.append(box);
      if (source !== null) {
        draw({ source, el: box, signal: lifetime.signal });
      }
      return () => lifetime.abort();
    }
  };
};

/** Hosts that are not built on JupyterLab lack its colours: ours then, by the host's theme. */
function ownColours(): string {
  // Of the page: the view's own element is not in it yet.
  if (getComputedStyle(document.body).getPropertyValue('--jp-ui-font-color1').trim() !== '') {
    return '';
  }
  const classes = document.body.classList;
  const isDark =
    classes.contains('vscode-dark') ||
    document.documentElement.getAttribute('theme') === 'dark' ||
    (!classes.contains('vscode-light') && matchMedia('(prefers-color-scheme: dark)').matches);
  return isDark ? ' layerlab-own-dark' : ' layerlab-own-light';
}
