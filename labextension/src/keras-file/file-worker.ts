/** Reads one file in a thread of its own: whatever is in it, the page goes on. */

import { Bytes, Refusal } from './bytes';
import { type OpenFile, openKeras, openWeights } from './describe-file';
import { childrenAt } from './json-branches';
import { statistics } from './statistics';
import type { Answer, Method, Request, Requests } from './worker-messages';

let opened: OpenFile | null = null;

self.onmessage = async ({ data }: MessageEvent<Request>) => {
  const reply: Answer = await answer(data).then(
    result => ({ id: data.id, result }),
    error => ({ id: data.id, problem: problemOf(error) })
  );
  self.postMessage(reply);
};

async function answer(request: Request): Promise<Requests[Method]['answer']> {
  if (request.method === 'open') {
    const bytes = new Bytes(request.buffer);
    opened = request.format === 'keras' ? await openKeras(bytes) : openWeights(bytes);
    return opened.description;
  }
  if (opened === null) {
    throw new Error('No file is open.');
  }
  if (request.method === 'children') {
    return childrenAt(opened[request.document], request.path, request.from);
  }
  const array = opened.arrays[request.index];
  return array === undefined ? null : statistics(opened.weightsBytes, array);
}

function problemOf(error: unknown): Extract<Answer, { problem: unknown }>['problem'] {
  if (error instanceof Refusal) {
    return { place: error.place, expected: error.expected, got: error.got };
  }
  return { message: error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 300) : 'unknown' };
}
