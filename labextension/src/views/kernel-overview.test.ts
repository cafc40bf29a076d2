import { expect, it } from 'vitest';
import { nothingYet } from '../kernel/kernel-overview';
import type { RunInfo } from '../protocol';
import { explain, type Place } from './kernel-overview';
import { epochText, lossText, percentText, progressText } from './run-text';

const overview = { state: nothingYet, subscribe: () => () => {} };
const place: Place = { notebook: 'a.ipynb', kernel: 'alive', overview };

const run: RunInfo = {
  run_id: 'run-1',
  model_id: 'model-1',
  model_name: 'digits',
  status: 'running',
  started: 1790000000,
  updated: 1790000004,
  epoch: 3,
  epochs: 10,
  done: 0.2599,
  loss: 0.43214
};

it('says why there is nothing to list', () => {
  expect(explain({ ...place, notebook: null }, 'asking', true)).toMatch(/^Open a notebook/);
  expect(explain({ ...place, kernel: 'none' }, 'asking', true)).toMatch(/no kernel/);
  expect(explain({ ...place, kernel: 'dead' }, 'live', true)).toMatch(/died/);
  expect(explain(place, 'gone', true)).toMatch(/no kernel/);
  expect(explain(place, 'no_layerlab', true)).toMatch(/no models of layerlab/);
  expect(explain(place, 'restarted', true)).toMatch(/restarted/);
  expect(explain(place, 'live', true)).toMatch(/No models and no training runs/);
  expect(explain(place, 'live', false)).toBe('');
});

it('tells a run in a line, without what is not known', () => {
  expect(progressText(run)).toBe('digits · epoch 3/10 · 25 % · loss 0.4321');
  expect(progressText({ ...run, status: 'paused', done: null, loss: Number.NaN })).toBe(
    'digits · paused · epoch 3/10 · loss NaN'
  );
  const early = { ...run, epoch: 0, done: null, loss: null };
  expect([epochText(early), percentText(early), lossText(early)]).toEqual(['', '', '']);
});

it('cuts names that would fill the page', () => {
  expect(progressText({ ...run, model_name: 'x'.repeat(10_000) }).length).toBeLessThan(80);
});
