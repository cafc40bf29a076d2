import { afterEach, expect, it } from 'vitest';
import { Tabs } from './browser-tabs';

const open: Tabs[] = [];
const tab = () => {
  const opened = new Tabs();
  open.push(opened);
  return opened;
};
afterEach(() => {
  for (const opened of open.splice(0)) {
    opened.dispose();
  }
});

const signal = new AbortController().signal;

it('lets the one tab write that there is', async () => {
  const only = tab();
  only.hold('run-1', () => false, signal);
  tab().hold('run-2', () => true, signal);
  expect(await only.isFirst('run-1')).toBe(true);
});

it('leaves it to the tab whose notebook the kernel writes into', async () => {
  const [older, fed] = [tab(), tab()];
  older.hold('run-1', () => false, signal);
  fed.hold('run-1', () => true, signal);
  expect(await older.isFirst('run-1')).toBe(false);
  expect(await fed.isFirst('run-1')).toBe(true);
});

it('lets exactly one write where the kernel writes into none', async () => {
  const tabs = [tab(), tab(), tab()];
  for (const each of tabs) {
    each.hold('run-1', () => false, signal);
  }
  const first = await Promise.all(tabs.map(each => each.isFirst('run-1')));
  expect(first.filter(isFirst => isFirst)).toHaveLength(1);
});

it('no longer minds a tab whose output is gone', async () => {
  const [here, there] = [tab(), tab()];
  const gone = new AbortController();
  here.hold('run-1', () => false, signal);
  there.hold('run-1', () => true, gone.signal);
  gone.abort();
  expect(await here.isFirst('run-1')).toBe(true);
});
