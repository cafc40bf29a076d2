import { beforeEach, describe, expect, it, vi } from 'vitest';
import { COMMANDS, EVENTS, type Event } from '../protocol';
import { golden, goldenNames } from '../testing/golden';
import { DecodeError, decodeEvent, decodeEvents, decodeRecord, decodeReply, decodeResult } from './decode';

const METHODS = Object.keys(COMMANDS) as (keyof typeof COMMANDS)[];

const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
beforeEach(() => warn.mockClear());

describe('golden messages', () => {
  it('hold one message per event, one per command and its reply', () => {
    expect(goldenNames('event.').sort()).toEqual(
      Object.keys(EVENTS)
        .map(type => `event.${type}`)
        .sort()
    );
    expect(goldenNames('command.').sort()).toEqual(
      Object.keys(COMMANDS)
        .map(method => `command.${method}`)
        .sort()
    );
    expect(goldenNames('reply.').sort()).toEqual(
      [...Object.keys(COMMANDS), 'error'].map(method => `reply.${method}`).sort()
    );
  });

  it.each(goldenNames('event.'))('%s decodes to itself, but for numbers that JSON lacks', name => {
    const message = golden(name);
    const text = JSON.stringify(message).replaceAll('"nan"', 'null').replaceAll('"inf"', 'null');
    expect(JSON.parse(JSON.stringify(decodeEvent(message)))).toEqual(JSON.parse(text));
    expect(warn).not.toHaveBeenCalled();
  });

  it('carry nan and inf as strings', () => {
    const steps = decodeEvent(golden('event.steps_finished')) as Event & { type: 'steps_finished' };
    expect(steps.logs.batch_loss).toEqual([2.5, Number.NaN]);
    const finished = decodeEvent(golden('event.fit_finished')) as Event & { type: 'fit_finished' };
    expect(finished.logs.loss).toBe(Number.POSITIVE_INFINITY);
  });

  it.each(goldenNames('command.'))('%s has a method of the protocol', name => {
    const { body } = golden(name) as { body: { method: keyof typeof COMMANDS } };
    expect(Object.keys(COMMANDS)).toContain(body.method);
    expect({ ...decodeRecord(COMMANDS[body.method].command, body), method: body.method }).toEqual(body);
  });

  it.each(METHODS)('the reply to %s is decoded as what the command returns', method => {
    const reply = decodeReply(golden(`reply.${method}`));
    const result = 'result' in reply ? reply.result : undefined;
    expect(decodeResult(method, result)).toEqual(COMMANDS[method].result === null ? null : result);
  });

  it('decode as bundles and replies', () => {
    expect(decodeRecord('RunBundle', golden('bundle.run')).events).toHaveLength(5);
    expect(decodeRecord('ModelBundle', golden('bundle.model')).graph.nodes).toHaveLength(5);
    expect(decodeReply(golden('reply.error'))).toEqual({
      error: { code: 'unknown_run', message: "No run 'run-0' in this kernel.", fix: 'Run the cell again.' }
    });
    const reply = decodeReply(golden('reply.fetch_events'));
    expect('result' in reply && decodeRecord('FetchEventsResult', reply.result)).toMatchObject({
      next: 13,
      live: true
    });
  });
});

describe('what is not ours', () => {
  it.each(METHODS.filter(method => COMMANDS[method].result !== null))(
    'is refused as result of %s, with its place',
    method => {
      const name = COMMANDS[method].result;
      for (const wrong of [undefined, null, 3, 'text', [], {}, JSON.parse('{"__proto__": {}}')]) {
        expect(() => decodeResult(method, wrong)).toThrow(DecodeError);
        expect(() => decodeResult(method, wrong)).toThrow(new RegExp(`^${name}(\\.\\w+)?: expected `));
      }
      const result = (golden(`reply.${method}`).body as { result: Record<string, unknown> }).result;
      for (const field of Object.keys(result).filter(field => field !== 'charts')) {
        expect(() => decodeResult(method, { ...result, [field]: () => {} })).toThrow(`${field}: expected `);
      }
    }
  );

  it('does not matter where a command returns nothing', () => {
    expect(decodeResult('stop', { surplus: 1 })).toBeNull();
    expect(decodeResult('stop', undefined)).toBeNull();
  });

  it.each([
    null,
    3,
    'text',
    [],
    {},
    { type: 'toString' },
    { type: 'other' },
    { type: 'epoch_started', epoch: '0' }
  ])('is ignored: %j', value => {
    expect(decodeEvent(value)).toBeNull();
  });

  it('is told once, not a thousand times', () => {
    const unknown = { type: 'event_of_the_future' };
    expect(decodeEvents(Array.from({ length: 1000 }, () => unknown))).toEqual([]);
    expect(warn.mock.calls.length).toBe(1);
  });

  it('keeps unknown fields out, and missing ones with a default in', () => {
    const { level: _, ...older } = golden('event.diagnostic');
    const event = decodeEvent({ ...older, surplus: '<script>' });
    expect(event).toMatchObject({ type: 'diagnostic', level: 'warning' });
    expect(event).not.toHaveProperty('surplus');
  });

  it('does not reach prototypes through keys', () => {
    const event = decodeEvent({
      ...golden('event.epoch_finished'),
      logs: JSON.parse('{"__proto__": 1, "loss": 2}')
    }) as Event & { type: 'epoch_finished' };
    expect(Object.keys(event.logs)).toEqual(['__proto__', 'loss']);
    expect(Object.getPrototypeOf(event.logs)).toBe(Object.prototype);
  });

  it('is refused with the place and what was expected', () => {
    const broken = golden('bundle.model');
    (broken.graph as { nodes: { parameters: unknown }[] }).nodes[2] = {
      ...(broken.graph as { nodes: { parameters: unknown }[] }).nodes[2],
      parameters: 1.5
    };
    expect(() => decodeRecord('ModelBundle', broken)).toThrow(
      /graph\.nodes\[2\]\.parameters: expected .*integer, found 1\.5/
    );
  });

  it('is refused when it comes from a later version', () => {
    expect(() => decodeRecord('RunBundle', { ...golden('bundle.run'), version: 99 })).toThrow(DecodeError);
  });
});
