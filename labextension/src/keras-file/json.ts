/** JSON of strangers: bounded in depth before it is parsed, and read by own properties only. */
import { type Bytes, Refusal } from './bytes';

/** A model inside a model takes four levels, a layer's arguments about six. */
const MAX_DEPTH = 400;

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export function parseJson(bytes: Bytes, name: string): Json {
  checkDepth(bytes.array(), name);
  try {
    return JSON.parse(bytes.text(0, bytes.size, name)) as Json;
  } catch (error) {
    const detail = error instanceof Error ? error.message.slice(0, 120) : 'something else';
    throw new Refusal(name, 'JSON', `text that is none (${detail})`);
  }
}

/** Counts brackets outside of strings: whoever walks the result may recurse. */
function checkDepth(bytes: Uint8Array, name: string): void {
  const [QUOTE, ESCAPE, OPEN, OPEN_LIST, CLOSE, CLOSE_LIST] = [34, 92, 123, 91, 125, 93];
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isInText) {
      if (byte === ESCAPE) {
        at++;
      } else if (byte === QUOTE) {
        isInText = false;
      }
    } else if (byte === QUOTE) {
      isInText = true;
    } else if (byte === OPEN || byte === OPEN_LIST) {
      depth++;
      if (depth > MAX_DEPTH) {
        throw new Refusal(name, `JSON at most ${MAX_DEPTH} levels deep`, `more at byte ${at}`);
      }
    } else if (byte === CLOSE || byte === CLOSE_LIST) {
      depth--;
    }
  }
}

export function isRecord(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value under `key`, never one of the prototype; undefined where there is none. */
export function field(value: Json | undefined, key: string): Json | undefined {
  return isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

export function textField(value: Json | undefined, key: string): string {
  const found = field(value, key);
  return typeof found === 'string' ? found : '';
}

export function listField(value: Json | undefined, key: string): Json[] {
  const found = field(value, key);
  return Array.isArray(found) ? found : [];
}
