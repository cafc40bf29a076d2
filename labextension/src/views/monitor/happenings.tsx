/** What happened at which step, to be read: the text behind the lines in the charts. */
import { count, duration } from '../shared/text';
import { trans } from '../shared/translation';
import type { Happening } from './marks';

/** The newest that are listed. */
const MAX_ROWS = 100;

export function Happenings({ happenings }: { happenings: readonly Happening[] }) {
  const newest = happenings.at(-1);
  if (newest === undefined) {
    return null;
  }
  return (
    <details className="layerlab-happenings">
      <summary>
        <span className="layerlab-happenings-title">{trans.__('What happened (%1)', happenings.length)}</span>
        <span className="layerlab-happenings-last layerlab-faint">
          {trans.__('step %1: %2', count(newest.step), newest.text)}
        </span>
      </summary>
      <table>
        <thead>
          <tr>
            <th scope="col">{trans.__('step')}</th>
            <th scope="col">{trans.__('time')}</th>
            <th scope="col">{trans.__('what')}</th>
          </tr>
        </thead>
        <tbody>
          {happenings
            .slice(-MAX_ROWS)
            .reverse()
            .map(({ step, time, symbol, tone, text }) => (
              <tr key={`${step} ${time} ${text}`}>
                <td>{count(step)}</td>
                <td>{duration(Math.max(0, time))}</td>
                <td className={`layerlab-tone-${tone}`}>
                  <span className="layerlab-happenings-symbol" aria-hidden="true">
                    {symbol}
                  </span>
                  <span>{text}</span>
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </details>
  );
}
