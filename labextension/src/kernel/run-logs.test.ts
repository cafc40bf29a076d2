import { ServerConnection, type Session } from '@jupyterlab/services';
import { expect, it } from 'vitest';
import { RunLogs } from './run-logs';

/** Logs behind a server that answers what the test says; which addresses it was asked for. */
function logs(answers: (Response | Error)[], sessions: unknown[] = []) {
  const asked: string[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://server/user/ada/',
    fetch: (async (request: Request) => {
      asked.push(request.url);
      const answer = answers.shift() ?? new Error('asked once too often');
      return answer instanceof Error ? Promise.reject(answer) : answer;
    }) as typeof fetch
  });
  const running = () => sessions.values() as IterableIterator<Session.IModel>;
  return { asked, logs: new RunLogs(settings, { running } as Session.IManager) };
}

const found = () => new Response('{"text/html": "<p>"}');

it('asks the server for a log beside the notebook, once', async () => {
  const { asked, logs: known } = logs([found()]);
  const both = await Promise.all([known.read('run-1', 'a course'), known.read('run-1', 'a course')]);
  expect(both).toEqual([{ 'text/html': '<p>' }, { 'text/html': '<p>' }]);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatch(/^http:..server.user.ada.layerlab.runs.run-1.folder=a%20course/);
});

it('has nothing where there is no log, no server or no such extension, and asks again the next time', async () => {
  const { logs: known } = logs([
    new Response('', { status: 404 }),
    new TypeError('no'),
    new Response('null'),
    found()
  ]);
  for (const expected of [null, null, null, { 'text/html': '<p>' }]) {
    expect(await known.read('run-1', '')).toEqual(expected);
  }
});

it('finds the folder of a kernel by its session', async () => {
  const session = { path: 'course/lesson.ipynb', kernel: { id: 'kernel-1' } };
  const { asked, logs: known } = logs([found()], [{ path: 'x', kernel: null }, session]);
  expect(await known.readOf('run-1', 'kernel-2')).toBeNull();
  expect(await known.readOf('run-1', 'kernel-1')).not.toBeNull();
  expect(asked.join()).toMatch(/^http:..server.user.ada.layerlab.runs.run-1.folder=course&?\d*$/);
});
