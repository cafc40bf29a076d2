/** JSON as a tree that is shown branch by branch: no more of it is handed out than somebody opened. */
import { isRecord, type Json } from './json';

export const MAX_CHILDREN = 200;
const MAX_TEXT = 300;

/** A key or an index. */
export type Step = string | number;

export type Branch = {
  step: Step;
  /** A value in short, or '' for what has children. */
  text: string;
  kind: 'text' | 'number' | 'word' | 'list' | 'object';
  /** How many children it has. */
  count: number;
};

/** The children of the value at `path`, from the `from`th on; null if there is no such place. */
export function childrenAt(
  root: Json,
  path: readonly Step[],
  from: number
): { branches: Branch[]; count: number } | null {
  let value: Json | undefined = root;
  for (const step of path) {
    value = childOf(value, step);
    if (value === undefined) {
      return null;
    }
  }
  const steps: Step[] = Array.isArray(value)
    ? value.map((_, index) => index)
    : isRecord(value)
      ? Object.keys(value)
      : [];
  const parent = value;
  const branches = steps
    .slice(from, from + MAX_CHILDREN)
    .map(step => describe(step, childOf(parent, step) ?? null));
  return { branches, count: steps.length };
}

function childOf(value: Json, step: Step): Json | undefined {
  if (Array.isArray(value)) {
    return typeof step === 'number' ? value[step] : undefined;
  }
  return isRecord(value) && Object.hasOwn(value, step) ? value[String(step)] : undefined;
}

function describe(step: Step, value: Json): Branch {
  const shownStep = typeof step === 'string' ? step.slice(0, 10_000) : step;
  if (Array.isArray(value)) {
    return { step: shownStep, text: '', kind: 'list', count: value.length };
  }
  if (isRecord(value)) {
    return { step: shownStep, text: '', kind: 'object', count: Object.keys(value).length };
  }
  const kind = typeof value === 'string' ? 'text' : typeof value === 'number' ? 'number' : 'word';
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, MAX_TEXT)) : String(value);
  const isCut = typeof value === 'string' && value.length > MAX_TEXT;
  return { step: shownStep, text: isCut ? `${text} …` : text, kind, count: 0 };
}
