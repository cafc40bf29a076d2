import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Command, ModelBundle } from '../protocol';
import { golden } from '../testing/golden';
import { type KernelConnection, RequestError } from './connection';
import { decodeRecord } from './decode';
import { ModelFollower } from './model-follower';

const saved = decodeRecord('ModelBundle', golden('bundle.model'));
const frozen: ModelBundle = { ...saved, revision: 'frozen' };

/** A kernel whose model is `kernel.model`; null when it has none any more. */
function follow() {
  const kernel = {
    model: saved as ModelBundle | null,
    asked: [] as string[],
    lose: () => {},
    isSilent: false,
    isPageHidden: false
  };
  const connection = {
    request: async ({ method }: Command) => {
      kernel.asked.push(method);
      if (kernel.isSilent) {
        throw new RequestError('timeout', 'The kernel does not answer.');
      }
      if (kernel.model === null) {
        throw new RequestError('unknown_model', 'This kernel has no such model.');
      }
      return method === 'model_state' ? { revision: kernel.model.revision } : kernel.model;
    },
    onLost: (listener: () => void) => {
      kernel.lose = listener;
    }
  } as unknown as KernelConnection;
  const follower = new ModelFollower(connection, saved, () => kernel.isPageHidden);
  return { kernel, follower };
}

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('asks for the revision only, while nothing changes', async () => {
  const { kernel, follower } = follow();
  follower.subscribe(() => {});
  await pass(3.5);
  expect(kernel.asked).toEqual(['model_state', 'model_state', 'model_state', 'model_state']);
});

it('fetches the model when its revision changed, within two seconds', async () => {
  const { kernel, follower } = follow();
  const listener = vi.fn();
  follower.subscribe(listener);
  await pass(0.5);
  kernel.model = frozen;
  await pass(1.5);
  expect(follower.state).toEqual({ model: frozen, link: 'live' });
  expect(listener).toHaveBeenCalledTimes(1);
});

it('asks nothing while nobody looks or the page is hidden, and at once when somebody does', async () => {
  const { kernel, follower } = follow();
  await pass(5);
  expect(kernel.asked).toEqual([]);
  const stop = follower.subscribe(() => {});
  await pass(0);
  expect(kernel.asked).toHaveLength(1);
  kernel.isPageHidden = true;
  await pass(5);
  stop();
  kernel.isPageHidden = false;
  await pass(5);
  expect(kernel.asked).toHaveLength(1);
});

it('keeps the last state of a model that is gone, and asks no more', async () => {
  const { kernel, follower } = follow();
  follower.subscribe(() => {});
  kernel.model = null;
  await pass(2);
  expect(follower.state).toEqual({ model: saved, link: 'lost' });
  const asked = kernel.asked.length;
  await pass(10);
  expect(kernel.asked).toHaveLength(asked);
});

it('is lost with its kernel', async () => {
  const { kernel, follower } = follow();
  const listener = vi.fn();
  follower.subscribe(listener);
  await pass(0.5);
  kernel.lose();
  expect(follower.state.link).toBe('lost');
  expect(listener).toHaveBeenCalledTimes(1);
});

it('waits for a kernel that does not answer, and goes on when it does', async () => {
  const { kernel, follower } = follow();
  follower.subscribe(() => {});
  kernel.isSilent = true;
  await pass(1.5);
  expect(follower.state.link).toBe('waiting');
  kernel.isSilent = false;
  await pass(1.5);
  expect(follower.state.link).toBe('live');
});
