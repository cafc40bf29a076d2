import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KernelConnection, RequestError } from '../../kernel/connection';
import { decodeRecord } from '../../kernel/decode';
import { ModelFollower } from '../../kernel/model-follower';
import type { LayerReport } from '../../protocol';
import { golden } from '../../testing/golden';
import { FakeKernel } from '../../testing/kernel';
import { reportPoller } from './layer-report';
import { barsPath, percent } from './layer-weights';

const { body } = golden('reply.describe_layer') as { body: { result: LayerReport } };
const trained = body.result;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', { visibilityState: 'visible' });
  vi.stubGlobal('window', { innerHeight: 800 });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const seen = (top = 10) => ({
  current: { getBoundingClientRect: () => ({ top, bottom: top + 100, width: 300 }) } as HTMLElement
});

describe('the weights of an open layer', () => {
  it('are told by the kernel of the model', async () => {
    const kernel = new FakeKernel(() => ({ body }));
    const model = new ModelFollower(
      new KernelConnection(kernel.asKernel()),
      decodeRecord('ModelBundle', golden('bundle.model'))
    );
    const report = await model.describeLayer('block/conv');
    expect(kernel.sent[0]?.content.body).toEqual({
      method: 'describe_layer',
      model_id: 'model-1',
      node_id: 'block/conv'
    });
    expect(report.layer.weights.map(weight => [weight.path, weight.mean, weight.histogram])).toEqual([
      ['block/conv/kernel', 0.0125, [10, 60, 70, 4]],
      ['block/conv/bias', null, []]
    ]);
  });

  it('are asked for once a second while it trains, more slowly after that', async () => {
    const reports = [trained, trained, { ...trained, training: false }];
    const ask = vi.fn(async () => reports[Math.min(ask.mock.calls.length - 1, 2)] as LayerReport);
    const stop = reportPoller(ask, seen()).subscribe(() => {});
    await vi.advanceTimersByTimeAsync(2_500);
    expect(ask).toHaveBeenCalledTimes(3);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(ask).toHaveBeenCalledTimes(3);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(ask).toHaveBeenCalledTimes(4);
    stop();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(ask).toHaveBeenCalledTimes(4);
  });

  it('are not asked for while nobody can see them', async () => {
    const ask = vi.fn(async () => trained);
    const stop = reportPoller(ask, seen(2_000)).subscribe(() => {});
    await vi.advanceTimersByTimeAsync(20_000);
    expect(ask).toHaveBeenCalledTimes(1);
    stop();
  });

  it('are asked for again when the kernel is busy, and not when the layer is gone', async () => {
    const told: object[] = [];
    const errors = [new RequestError('busy', 'a step'), new RequestError('unknown_layer', 'gone')];
    const ask = vi.fn(async (): Promise<LayerReport> => {
      throw errors[ask.mock.calls.length - 1];
    });
    const poller = reportPoller(ask, seen(), trained);
    poller.subscribe(() => told.push(poller.state));
    await vi.advanceTimersByTimeAsync(20_000);
    expect(ask).toHaveBeenCalledTimes(2);
    expect(told).toEqual([
      { report: trained, message: 'The layer is in use, asking again …', isLoading: true },
      {
        report: trained,
        message: 'The model has no such layer; it was changed since it was drawn. Show it again.',
        isLoading: false
      }
    ]);
  });
});

it('a histogram has a bar for each bin that is not empty', () => {
  expect(barsPath([2, 0, 4])).toBe('M0,1V0.5H1V1ZM2,1V0H3V1Z');
});

it('shares are written in percent, small ones not as nothing', () => {
  expect([0, 0.0312, 1, 0.00001].map(percent)).toEqual(['0 %', '3.1 %', '100 %', '< 0.1 %']);
});
