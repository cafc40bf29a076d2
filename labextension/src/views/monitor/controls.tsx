/** How the charts are drawn: smoothing, axes, and what dragging does. */
import { MOST_SMOOTHING } from '../../protocol';
import { trans } from '../shared/translation';
import type { DrawOptions } from './chart-options';
import type { View } from './figure';

type ControlsProps = {
  options: DrawOptions;
  view: View;
  onOptions: (options: DrawOptions) => void;
  onView: (view: View) => void;
};

export function Controls({ options, view, onOptions, onView }: ControlsProps) {
  const change = (changes: Partial<DrawOptions>) => onOptions({ ...options, ...changes });
  return (
    <div className="layerlab-controls">
      <label>
        {trans.__('smoothing')}
        <input
          type="range"
          min={0}
          max={MOST_SMOOTHING}
          step={0.01}
          value={options.smoothing}
          onChange={event => change({ smoothing: Number(event.target.value) })}
        />
        <output>{options.smoothing.toFixed(2)}</output>
      </label>
      <label>
        {trans.__('x axis')}
        <select
          className="layerlab-select"
          value={options.x_axis}
          onChange={event => change({ x_axis: event.target.value as DrawOptions['x_axis'] })}
        >
          <option value="step">{trans.__('step')}</option>
          <option value="epoch">{trans.__('epoch')}</option>
          <option value="time">{trans.__('time')}</option>
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          checked={options.log_x}
          onChange={event => change({ log_x: event.target.checked })}
        />
        {trans.__('log x')}
      </label>
      <label>
        <input
          type="checkbox"
          checked={options.log_y}
          onChange={event => change({ log_y: event.target.checked })}
        />
        {trans.__('log y')}
      </label>
      <span className="layerlab-zoom">
        <label title={trans.__('What dragging in a chart does; with Shift, the other')}>
          {trans.__('drag to')}
          <select
            className="layerlab-select"
            value={view.drag}
            onChange={event => onView({ ...view, drag: event.target.value as View['drag'] })}
          >
            <option value="zoom">{trans.__('zoom')}</option>
            <option value="pan">{trans.__('pan')}</option>
          </select>
        </label>
        <button
          type="button"
          className="layerlab-button layerlab-button-small"
          title={trans.__('See the whole run again (or double-click in a chart)')}
          onClick={() => onView({ ...view, range: null, revision: view.revision + 1 })}
        >
          {trans.__('Reset zoom')}
        </button>
      </span>
    </div>
  );
}
