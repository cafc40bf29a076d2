/** The build of plotly that is used has the types of the whole. */
declare module 'plotly.js-basic-dist-min' {
  import type * as Plotly from 'plotly.js';

  const plotly: Pick<typeof Plotly, 'react' | 'purge'>;
  export default plotly;
}
