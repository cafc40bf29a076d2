import type { KeyboardEvent } from 'react';
import { expect, it, vi } from 'vitest';
import { decodeRecord } from '../../kernel/decode';
import { golden } from '../../testing/golden';
import { graphKeys } from './graph-keys';
import type { Layout } from './layout';
import { hierarchy, visible } from './visible-graph';

const whole = hierarchy(decodeRecord('ModelBundle', golden('bundle.model')).graph);
const shown = visible(whole, new Set());
const [from, to] = [shown.edges[0]?.source ?? '', shown.edges[0]?.target ?? ''];
const layout: Layout = {
  boxes: new Map(shown.nodes.map(({ info }, row) => [info.id, { x: 0, y: 50 * row, width: 40, height: 40 }])),
  routes: new Map(),
  width: 40,
  height: 250,
  direction: 'down'
};

/** Press a key in the node `id`; tells what was called, in order, and whether the notebook gets the key. */
function press(key: string, id: string | null, { isOpen = false, isPlaced = true } = {}) {
  const called: unknown[][] = [];
  const note =
    (name: string) =>
    (...values: unknown[]) =>
      void called.push([name, ...values]);
  const handle = graphKeys({
    whole,
    placed: isPlaced ? { graph: shown, layout } : null,
    selection: { selected: id, isOpen, select: note('select'), open: note('open'), close: note('close') },
    folding: {
      folded: new Set(),
      setFolded: note('setFolded'),
      fold: note('fold'),
      unfoldAround: note('unfoldAround')
    },
    nodeFocus: { focus: note('focus'), forget: note('forget'), nodeOf: () => id },
    show: note('show'),
    closeDetails: note('closeDetails')
  });
  const event = { key, target: {}, preventDefault: vi.fn(), stopPropagation: vi.fn() };
  handle(event as unknown as KeyboardEvent);
  expect(event.stopPropagation.mock.calls.length).toBe(event.preventDefault.mock.calls.length);
  return { called, isOurs: event.preventDefault.mock.calls.length === 1 };
}

it('arrows select, show and focus the next node', () => {
  expect(press('ArrowDown', from)).toEqual({
    called: [
      ['select', to],
      ['show', to],
      ['focus', to]
    ],
    isOurs: true
  });
});

it('an arrow that leads nowhere is still not for the notebook', () => {
  expect(press('ArrowUp', from)).toEqual({ called: [], isOurs: true });
});

it('Enter opens the details, Space folds a group and keeps the focus', () => {
  const group = whole.groups[0] ?? '';
  expect(press('Enter', from).called).toEqual([['open', from]]);
  expect(press(' ', group).called).toEqual([
    ['fold', group],
    ['focus', group]
  ]);
  expect(press(' ', from)).toEqual({ called: [], isOurs: false });
});

it('Escape closes the details first, then clears the selection, wherever it is pressed', () => {
  expect(press('Escape', null, { isOpen: true })).toEqual({ called: [['closeDetails']], isOurs: true });
  expect(press('Escape', null)).toEqual({ called: [['select', null]], isOurs: true });
});

it.each([
  ['a', from, true],
  ['Enter', null, true],
  ['ArrowDown', from, false]
])('leaves %s to the notebook (in %s, arranged: %s)', (key, id, isPlaced) => {
  expect(press(key, id, { isPlaced })).toEqual({ called: [], isOurs: false });
});
