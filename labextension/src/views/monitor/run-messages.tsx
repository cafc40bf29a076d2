/** What the person should read: why a run ended, that it is out of date, and advice. */

import type { Link } from '../../kernel/run-source';
import type { Run } from '../../kernel/runs';
import type { Diagnostic } from '../../protocol';
import { clip, count } from '../shared/text';
import { trans } from '../shared/translation';
import { stopText } from './marks';

const MAX_MESSAGE = 1_200;

export function Messages({ run, link }: { run: Run; link: Link }) {
  return (
    <div className="layerlab-messages">
      {'message' in link && link.message !== '' && (
        <Note level="info" title={clip(link.message, MAX_MESSAGE)} />
      )}
      {run.failure && (
        <Note
          level="error"
          title={clip(run.failure.error)}
          text={clip(run.failure.message, MAX_MESSAGE)}
          fix={trans.__('The model keeps the weights of the last finished step.')}
        />
      )}
      {run.status === 'stopped' && (
        <Note
          level="info"
          title={trans.__('Run ended: %1 (after step %2).', stopReason(run), count(run.step))}
        />
      )}
      {run.diagnostics.map(diagnostic => (
        <Note
          key={`${diagnostic.code} ${diagnostic.path}`}
          level={diagnostic.level}
          title={clip(diagnostic.message, MAX_MESSAGE)}
          text={place(diagnostic)}
          fix={clip(diagnostic.fix, MAX_MESSAGE)}
        />
      ))}
    </div>
  );
}

function place(diagnostic: Diagnostic): string {
  return diagnostic.path === '' ? '' : trans.__('At %1', clip(diagnostic.path));
}

function stopReason(run: Run): string {
  return run.stop === null ? '' : stopText(run.stop).replace(/\.$/, '');
}

type NoteProps = { level: Diagnostic['level']; title: string; text?: string; fix?: string };

function Note({ level, title, text = '', fix = '' }: NoteProps) {
  return (
    <div className={`layerlab-note layerlab-note-${level}`} role={level === 'error' ? 'alert' : 'status'}>
      <span className="layerlab-note-title">{title}</span>
      {text !== '' && <span className="layerlab-note-text">{text}</span>}
      {fix !== '' && <span className="layerlab-note-fix">{fix}</span>}
    </div>
  );
}
