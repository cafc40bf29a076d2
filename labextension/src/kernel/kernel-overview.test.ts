import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ListAllResult } from '../protocol';
import { golden } from '../testing/golden';
import { type KernelConnection, RequestError } from './connection';
import { decodeRecord } from './decode';
import { KernelOverview } from './kernel-overview';

const reply = golden('reply.list_all') as { body: { result: unknown } };
const training = decodeRecord('ListAllResult', reply.body.result);
const idle: ListAllResult = { models: training.models, runs: [] };
const PAUSE = 1_000;

/** A kernel that answers as `kernel.answer` says, and whose overview somebody looks at. */
function watched(answer: ListAllResult | Error | null) {
  const kernel = { answer, questions: 0, lose: () => {}, isPageHidden: false };
  const connection = {
    request: async () => {
      kernel.questions += 1;
      if (kernel.answer instanceof Error) {
        throw kernel.answer;
      }
      return kernel.answer;
    },
    onLost: (listener: () => void) => {
      kernel.lose = listener;
    }
  } as unknown as KernelConnection;
  const connect = async () => (kernel.answer === null ? null : connection);
  const overview = new KernelOverview(
    connect,
    () => PAUSE,
    () => kernel.isPageHidden
  );
  const listener = vi.fn();
  const stop = overview.subscribe(listener);
  return { kernel, overview, listener, stop };
}

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);
const unknown = () => new RequestError('no_handler', 'The kernel does not know layerlab.');

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('asks each second while a run trains, and tells only what changed', async () => {
  const { kernel, overview, listener } = watched(training);
  await pass(4.5);
  expect(kernel.questions).toBe(5);
  expect(overview.state).toEqual({ link: 'live', ...training });
  expect(listener).toHaveBeenCalledTimes(1);
});

it('asks more rarely while nothing trains, and soon after the kernel began something', async () => {
  const { kernel, overview } = watched(idle);
  await pass(4.5);
  expect(kernel.questions).toBe(1);
  overview.nudge(true);
  await pass(0.25);
  expect(kernel.questions).toBe(2);
});

it('asks nothing when nobody looks, or the page is hidden', async () => {
  const { kernel, stop } = watched(training);
  await pass(0.1);
  kernel.isPageHidden = true;
  await pass(10);
  expect(kernel.questions).toBe(1);
  kernel.isPageHidden = false;
  await pass(1);
  expect(kernel.questions).toBe(2);
  stop();
  await pass(10);
  expect(kernel.questions).toBe(2);
});

it('leaves a kernel without layerlab alone until it does something, and then asks ever more rarely', async () => {
  const { kernel, overview } = watched(unknown());
  await pass(60);
  expect(kernel.questions).toBe(1);
  expect(overview.state.link).toBe('no_layerlab');
  overview.nudge(true);
  await pass(120);
  expect(kernel.questions).toBeGreaterThan(5);
  expect(kernel.questions).toBeLessThan(11);
  kernel.answer = training;
  overview.nudge(false);
  await pass(0.25);
  expect(overview.state.link).toBe('live');
});

it('says that the kernel was restarted until it knows something again', async () => {
  const { kernel, overview } = watched(training);
  await pass(0.1);
  kernel.answer = unknown();
  kernel.lose();
  expect(overview.state).toEqual({ link: 'restarted', models: [], runs: [] });
  await pass(5);
  expect(overview.state.link).toBe('restarted');
  kernel.answer = idle;
  overview.nudge(false);
  await pass(0.25);
  expect(overview.state.link).toBe('live');
});

it('keeps what it has of a kernel that does not answer for a while', async () => {
  const { kernel, overview } = watched(training);
  await pass(0.1);
  kernel.answer = new RequestError('timeout', 'The kernel does not answer.');
  await pass(1);
  expect(overview.state).toEqual({ link: 'silent', ...training });
  kernel.answer = training;
  await pass(3);
  expect(overview.state.link).toBe('live');
});

it('says that there is no such kernel, and asks no more', async () => {
  const { kernel, overview } = watched(null);
  await pass(60);
  expect(overview.state.link).toBe('gone');
  expect(kernel.questions).toBe(0);
});

it('many events of the kernel make one question', async () => {
  const { kernel, overview } = watched(idle);
  await pass(0.1);
  for (let event = 0; event < 50; event++) {
    overview.nudge(event % 2 === 0);
    await pass(0.01);
  }
  await pass(0.3);
  expect(kernel.questions).toBeLessThanOrEqual(4);
});
