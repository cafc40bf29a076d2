/** Our icon: three layers, joined. */
import { LabIcon } from '@jupyterlab/ui-components';

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">
  <g class="jp-icon3" fill="#616161">
    <rect x="5" y="1" width="6" height="3.4" rx="1"/>
    <rect x="2" y="6.3" width="12" height="3.4" rx="1"/>
    <rect x="5" y="11.6" width="6" height="3.4" rx="1"/>
    <rect x="7.5" y="4" width="1" height="8"/>
  </g>
</svg>`;

export const layerlabIcon = new LabIcon({ name: 'layerlab-jupyter:layers', svgstr: SVG });
