/**
 * The boundary: what comes from a kernel or a saved notebook is `unknown` until it passed here.
 *
 * One checker for all messages, driven by the shapes that are generated beside the types.
 */
import {
  COMMANDS,
  EVENTS,
  type Event,
  type Records,
  type ReplyError,
  type Results,
  type Scalar,
  SHAPES,
  type Shape,
  VERSION
} from '../protocol';

/** What was wrong with a message, and where in it. */
export class DecodeError extends Error {
  constructor(path: string, expected: string, found: unknown) {
    super(`${path}: expected ${expected}, found ${describe(found)}`);
    this.name = 'DecodeError';
  }
}

/** `value` as the record `name`; unknown fields are left out. Throws DecodeError. */
export function decodeRecord<K extends keyof Records>(
  name: K,
  value: unknown,
  path: string = name
): Records[K] {
  const source = asObject(value, path);
  const fields = Object.entries(SHAPES[name]).map(([field, shape]) => [
    field,
    decodeShape(shape, ownValue(source, field), `${path}.${field}`)
  ]);
  // The generator writes SHAPES and Records from the same dataclass.
  return Object.fromEntries(fields) as Records[K];
}

/** An event, or null (with one warning per kind of trouble) if it is none that we know. */
export function decodeEvent(value: unknown): Event | null {
  return attempt(() => {
    const type = ownValue(asObject(value, 'event'), 'type');
    if (typeof type !== 'string' || !isKey(EVENTS, type)) {
      throw new DecodeError('event.type', 'a known event', type);
    }
    return { ...decodeRecord(EVENTS[type], value, type), type } as Event;
  });
}

/** The events that we know, in order. */
export function decodeEvents(values: readonly unknown[]): Event[] {
  return values.map(decodeEvent).filter(event => event !== null);
}

/** What a reply holds: a result, still to be decoded by who asked, or an error. Throws DecodeError. */
export function decodeReply(value: unknown): { result: unknown } | { error: ReplyError } {
  const envelope = asObject(value, 'reply');
  const body = asObject(ownValue(envelope, 'body'), 'reply.body');
  if (Object.hasOwn(body, 'error')) {
    return { error: decodeRecord('ReplyError', body.error) };
  }
  return { result: ownValue(body, 'result') };
}

/** What a command returned; null for one that only does something, whatever came. Throws DecodeError. */
export function decodeResult<M extends keyof Results>(method: M, value: unknown): Results[M] {
  const { result } = COMMANDS[method];
  // The generator writes Results and COMMANDS from the same declaration.
  return (result === null ? null : decodeRecord(result, value)) as Results[M];
}

const warned = new Set<string>();

function attempt<T>(decode: () => T): T | null {
  try {
    return decode();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (!warned.has(message) && warned.size < 20) {
      warned.add(message);
      console.warn(`layerlab: ignored a message. ${message}`);
    }
    return null;
  }
}

function decodeShape(shape: Shape, value: unknown, path: string): unknown {
  if (typeof shape === 'string') {
    return decodeScalar(shape, value, path);
  }
  if ('list' in shape) {
    if (!Array.isArray(value)) {
      throw new DecodeError(path, 'a list', value);
    }
    return value.map((item, index) => decodeShape(shape.list, item, `${path}[${index}]`));
  }
  if ('map' in shape) {
    // fromEntries defines own properties: a key '__proto__' stays a key.
    const entries = Object.entries(asObject(value, path));
    return Object.fromEntries(
      entries.map(([key, item]) => [key, decodeShape(shape.map, item, `${path}[...]`)])
    );
  }
  if ('nullable' in shape) {
    return value === null ? null : decodeShape(shape.nullable, value, path);
  }
  if ('oneOf' in shape) {
    if (typeof value === 'string' && shape.oneOf.includes(value)) {
      return value;
    }
    throw new DecodeError(path, `one of ${shape.oneOf.join(', ')}`, value);
  }
  if ('record' in shape) {
    return decodeRecord(shape.record, value, path);
  }
  return value === undefined ? shape.default : decodeShape(shape.optional, value, path);
}

const NON_FINITE: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY
};

function decodeScalar(shape: Scalar, value: unknown, path: string): unknown {
  if (shape === 'any') {
    return value ?? null;
  }
  const isNonFinite = shape === 'float' && typeof value === 'string' && Object.hasOwn(NON_FINITE, value);
  const decoded = isNonFinite ? NON_FINITE[value] : value;
  if (!IS[shape](decoded)) {
    throw new DecodeError(path, `a value of type ${shape === 'version' ? 'integer' : shape}`, value);
  }
  if (shape === 'version' && (decoded as number) > VERSION) {
    throw new DecodeError('version', `at most ${VERSION} (update layerlab)`, value);
  }
  return decoded;
}

const IS = {
  string: (value: unknown) => typeof value === 'string',
  boolean: (value: unknown) => typeof value === 'boolean',
  integer: (value: unknown) => Number.isSafeInteger(value),
  version: (value: unknown) => Number.isSafeInteger(value),
  float: (value: unknown) => typeof value === 'number'
} as const;

function asObject(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DecodeError(path, 'an object', value);
  }
  return value as Record<string, unknown>;
}

/** Never a value from the prototype. */
function ownValue(source: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(source, key) ? source[key] : undefined;
}

function isKey<T extends object>(table: T, key: string): key is keyof T & string {
  return Object.hasOwn(table, key);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) {
    return String(value);
  }
  return typeof value === 'object'
    ? Array.isArray(value)
      ? 'a list'
      : 'an object'
    : String(value).slice(0, 40);
}
