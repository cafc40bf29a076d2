/** JupyterLab's colours for what cannot use CSS variables itself. */

export type Theme = {
  text: string;
  faint: string;
  grid: string;
  background: string;
  font: string;
  best: string;
  warning: string;
  error: string;
  /** Colours of series, told apart in both themes. */
  series: readonly string[];
};

/** The colours that hold at `el` now. */
export function readTheme(el: Element): Theme {
  const style = getComputedStyle(el);
  const read = (name: string, fallback: string) => style.getPropertyValue(name).trim() || fallback;
  return {
    text: read('--jp-ui-font-color1', '#333'),
    faint: read('--jp-ui-font-color2', '#777'),
    grid: read('--jp-border-color2', '#ddd'),
    background: read('--jp-layout-color1', '#fff'),
    font: read('--jp-ui-font-family', 'sans-serif'),
    best: read('--jp-success-color1', '#2e7d32'),
    warning: read('--jp-warn-color1', '#f57c00'),
    error: read('--jp-error-color1', '#d32f2f'),
    series: [
      read('--layerlab-series-1', '#1976d2'),
      read('--layerlab-series-2', '#e8710a'),
      read('--layerlab-series-3', '#2e9e6b'),
      read('--layerlab-series-4', '#9c4dcc'),
      read('--layerlab-series-5', '#c2185b'),
      read('--layerlab-series-6', '#00838f')
    ]
  };
}

/** Call `listener` after JupyterLab changed its theme. */
export function onThemeChange(listener: () => void): () => void {
  const observer = new MutationObserver(() => requestAnimationFrame(listener));
  observer.observe(document.body, {
    attributes: true,
    attributeFilter: ['data-jp-theme-name', 'data-jp-theme-light', 'class']
  });
  return () => observer.disconnect();
}
