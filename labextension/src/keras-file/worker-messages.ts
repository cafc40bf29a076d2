/** What the page asks the worker that reads a file, and what that answers. */

import type { Description } from './describe-file';
import type { Branch, Step } from './json-branches';
import type { Statistics } from './statistics';

/** Which JSON of the file. */
export type Document = 'config' | 'metadata';

export type Requests = {
  open: { ask: { format: 'keras' | 'weights'; buffer: ArrayBuffer }; answer: Description };
  statistics: { ask: { index: number }; answer: Statistics | null };
  children: {
    ask: { document: Document; path: readonly Step[]; from: number };
    answer: { branches: Branch[]; count: number } | null;
  };
};

export type Method = keyof Requests;

export type Request = { [M in Method]: { id: number; method: M } & Requests[M]['ask'] }[Method];

export type Answer =
  | { id: number; result: Requests[Method]['answer'] }
  | { id: number; problem: { place: string; expected: string; got: string } | { message: string } };
