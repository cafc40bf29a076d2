/** The learning rate: shown, and edited while there is something to steer. */
import { useEffect, useState } from 'react';
import type { Run } from '../../kernel/runs';
import { GREATEST_FLOAT } from '../../protocol';
import { clip, count, rate } from '../shared/text';
import { trans } from '../shared/translation';
import { changedBy } from './marks';
import type { Wheel } from './steering';

export function LearningRate({ run, wheel }: { run: Run; wheel: Wheel | null }) {
  const origin = originOf(run);
  return (
    <div className="layerlab-rate">
      <dt>
        {trans.__('learning rate')}
        {origin !== '' && <span className="layerlab-rate-origin"> {origin}</span>}
      </dt>
      <dd>{wheel && run.schedule === '' ? <Field run={run} wheel={wheel} /> : rate(run.learningRate)}</dd>
    </div>
  );
}

/** What a person typed as a rate, or what is wrong with it. */
export function readRate(text: string): { rate: number } | { problem: string } {
  const typed = Number(text.trim().replace(',', '.'));
  if (text.trim() === '' || !Number.isFinite(typed)) {
    return { problem: trans.__('Not a number. Give one such as 0.001 or 1e-3.') };
  }
  if (typed <= 0) {
    return { problem: trans.__('A learning rate is greater than 0. To hold the run, use Pause.') };
  }
  return typed > GREATEST_FLOAT ? { problem: trans.__('Too great a number.') } : { rate: typed };
}

function Field({ run, wheel }: { run: Run; wheel: Wheel }) {
  const [draft, setDraft] = useState<string | null>(null);
  const [isWrong, setWrong] = useState(false);
  const [isSent, setSent] = useState(false);
  const right = () => {
    if (isWrong) {
      setWrong(false);
      wheel.complain('');
    }
  };
  const forget = () => {
    setDraft(null);
    setSent(false);
    right();
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: what happens next in the run is the answer
  useEffect(() => {
    if (isSent) {
      forget();
    }
  }, [run.happenings]);
  const submit = async () => {
    const read = readRate(draft ?? '');
    if ('problem' in read) {
      setWrong(true);
      wheel.complain(read.problem);
      return;
    }
    right();
    // As a float32, which the engine keeps, it may be the same number: then there is nothing to wait for.
    const isNew = Math.fround(read.rate) !== Math.fround(run.learningRate ?? Number.NaN);
    setSent(isNew);
    const isTaken = await wheel.send({ method: 'set_learning_rate', learning_rate: read.rate });
    if (!isTaken || !isNew) {
      setSent(false);
      setDraft(isTaken ? null : draft);
    }
  };
  const isEdited = draft !== null && !isSent;
  return (
    <form
      className="layerlab-rate-form"
      noValidate
      onSubmit={event => {
        event.preventDefault();
        if (draft !== null) {
          void submit();
        }
      }}
    >
      <input
        className="layerlab-rate-field"
        type="text"
        inputMode="decimal"
        spellCheck={false}
        autoComplete="off"
        maxLength={30}
        aria-label={trans.__('Learning rate')}
        aria-invalid={isWrong}
        title={trans.__('Type a learning rate and press Enter: the next step uses it')}
        value={draft ?? rate(run.learningRate)}
        data-edited={isEdited}
        onChange={event => {
          setDraft(event.target.value);
          setSent(false);
          right();
        }}
        onKeyDown={event => {
          if (event.key === 'Escape') {
            forget();
            event.stopPropagation();
          }
        }}
      />
      {isEdited && <span className="layerlab-rate-hint">{trans.__('Enter sets it')}</span>}
    </form>
  );
}

function originOf(run: Run): string {
  if (run.schedule !== '') {
    return trans.__('follows %1', clip(run.schedule, 40));
  }
  return run.rateChange === null
    ? ''
    : trans.__('%1, step %2', changedBy(run.rateChange.source), count(run.rateChange.step));
}
