import { expect, it } from 'vitest';
import { golden } from '../testing/golden';
import { type Answer, FakeKernel } from '../testing/kernel';
import { KernelConnection, RequestError } from './connection';

const reply = (name: string) => ({ body: golden(`reply.${name}`).body });

function connect(answer: Answer, options = {}) {
  const kernel = new FakeKernel(answer);
  return { kernel, connection: new KernelConnection(kernel.asKernel(), options) };
}

it('sends the envelope of a command over the control channel', async () => {
  const { kernel, connection } = connect(() => ({ body: { result: {} } }));
  await connection.request({ method: 'stop', run_id: 'run-1' });
  expect(kernel.sent[0]).toMatchObject({
    channel: 'control',
    header: { msg_type: 'layerlab_request' },
    content: { version: 1, kind: 'command', body: { method: 'stop', run_id: 'run-1' } }
  });
});

it('gives each request an id of its own', async () => {
  const { kernel, connection } = connect(() => ({ body: { result: {} } }));
  await connection.request({ method: 'pause', run_id: 'run-1' });
  await connection.request({ method: 'pause', run_id: 'run-1' });
  expect(kernel.sent[0]?.content.id).not.toBe(kernel.sent[1]?.content.id);
});

it('decodes the result by the command', async () => {
  const { connection } = connect(({ method }) => reply(String(method)));
  expect((await connection.request({ method: 'list_all' })).models[0]?.name).toBe('digits');
  expect(
    (await connection.request({ method: 'describe_model', model_id: 'model-1' })).summary.parameters
  ).toBe(10410);
});

it('rejects with the error of the kernel, its advice included', async () => {
  const { connection } = connect(() => reply('error'));
  await expect(connection.request({ method: 'stop', run_id: 'x' })).rejects.toMatchObject({
    code: 'unknown_run',
    fix: 'Run the cell again.'
  });
});

it('rejects a result of the wrong form', async () => {
  const { connection } = connect(() => ({ body: { result: { events: 3 } } }));
  await expect(connection.request({ method: 'fetch_events', run_id: 'x' })).rejects.toThrow(
    /expected a list/
  );
});

it('gives up when no reply comes in time', async () => {
  const { connection } = connect(() => 'silence', { timeout: 10 });
  await expect(connection.request({ method: 'list_all' })).rejects.toMatchObject({ code: 'timeout' });
});

it('knows a kernel that handles the message without knowing it', async () => {
  const { connection } = connect(() => 'idle', { grace: 5 });
  await expect(connection.request({ method: 'list_all' })).rejects.toMatchObject({ code: 'no_handler' });
});

it('tells when the kernel restarts, until nobody listens', () => {
  const { kernel, connection } = connect(() => 'silence');
  const lifetime = new AbortController();
  let lost = 0;
  connection.onLost(() => lost++, lifetime.signal);
  kernel.statusChanged.emit('busy');
  kernel.statusChanged.emit('restarting');
  lifetime.abort();
  kernel.statusChanged.emit('restarting');
  expect(lost).toBe(1);
});

it("notices a restart by the kernel's new session, and fails what was under way", async () => {
  const { kernel, connection } = connect(() => 'silence');
  const says = (msg_type: string, session: string) =>
    kernel.iopubMessage.emit({ header: { msg_type, session }, content: { execution_state: 'busy' } });
  let lost = 0;
  connection.onLost(() => lost++, new AbortController().signal);
  says('status', 'one');
  says('stream', 'the server itself');
  says('status', 'one');
  expect(lost).toBe(0);
  const request = connection.request({ method: 'list_all' });
  says('status', 'two');
  expect(lost).toBe(1);
  await expect(request).rejects.toMatchObject({ code: 'gone' });
});

it('tells a death, which the server reports, from a restart', () => {
  const { kernel, connection } = connect(() => 'silence');
  const losses: string[] = [];
  connection.onLost(loss => losses.push(loss), new AbortController().signal);
  const says = (execution_state: string, session: string) =>
    kernel.iopubMessage.emit({ header: { msg_type: 'status', session }, content: { execution_state } });
  says('busy', 'one');
  says('restarting', 'the server itself');
  says('starting', 'two');
  kernel.disposed.emit(undefined);
  expect(losses).toEqual(['died', 'restarted', 'gone']);
});

it('connects anew where JupyterLab gave up', async () => {
  const { kernel, connection } = connect(() => ({ body: { result: {} } }));
  kernel.connectionStatus = 'disconnected';
  await connection.request({ method: 'stop', run_id: 'run-1' });
  expect(kernel.reconnections).toBe(1);
});

it('does not wait for an answer that was lost with the socket', async () => {
  const { kernel, connection } = connect(() => 'silence');
  const request = connection.request({ method: 'list_all' });
  kernel.connectionStatusChanged.emit('connecting');
  await expect(request).rejects.toMatchObject({ code: 'timeout' });
});

it('refuses at once after the kernel is gone', async () => {
  const { connection } = connect(() => 'silence');
  connection.dispose();
  await expect(connection.request({ method: 'list_all' })).rejects.toBeInstanceOf(RequestError);
});
