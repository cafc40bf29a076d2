/// <reference types="vite/client" />
import { expect, it, vi } from 'vitest';
import { DEFAULTS, Preferences, toValues } from './preferences';

type Schema = { properties: Record<string, { default: unknown }> };

const [schema] = Object.values(
  import.meta.glob<Schema>('../../schema/settings.json', { eager: true, import: 'default' })
);

it('has the defaults of the schema', () => {
  const defaults = Object.entries(schema?.properties ?? {}).map(([name, { default: value }]) => [
    name,
    value
  ]);
  expect(toValues(Object.fromEntries(defaults))).toEqual(DEFAULTS);
});

it('takes over what a settings file holds, and tells whoever asked', () => {
  const preferences = new Preferences();
  const listener = vi.fn();
  preferences.whenever(listener);
  preferences.update({ sidebar: false, smoothing: 0.5, xAxis: 'epoch', logY: true, refreshSeconds: 3 });
  expect(listener).toHaveBeenCalledTimes(2);
  expect(preferences.current).toEqual({
    sidebar: false,
    statusBar: true,
    refreshSeconds: 3,
    charts: { smoothing: 0.5, x_axis: 'epoch', log_x: false, log_y: true }
  });
});

it('keeps the defaults of what makes no sense', () => {
  const nonsense = {
    sidebar: 'no',
    statusBar: 0,
    refreshSeconds: -1,
    smoothing: Number.NaN,
    xAxis: '<b>',
    logX: null,
    logY: {}
  };
  expect(toValues(nonsense)).toEqual(DEFAULTS);
});
