/** Saved outputs of large models are deflated. What comes from a notebook may be made to do harm: no more than a limit. */
import { DecodeError, decodeRecord } from './decode';

/** A model of 50,000 layers takes about 25 MB. */
const MAX_BYTES = 64 * 2 ** 20;

/** The data as they were before they were packed; others are handed on. Rejects with a reason. */
export async function unpack(data: unknown, most = MAX_BYTES): Promise<unknown> {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, 'deflated')) {
    return data;
  }
  const { deflated } = decodeRecord('PackedBundle', data);
  const packed = Uint8Array.from(atob(deflated), sign => sign.charCodeAt(0));
  return JSON.parse(await inflate(packed, most));
}

async function inflate(packed: Uint8Array<ArrayBuffer>, most: number): Promise<string> {
  const stream = new DecompressionStream('deflate');
  const writer = stream.writable.getWriter();
  // Its errors arrive at the reader too.
  void writer.write(packed).catch(() => {});
  void writer.close().catch(() => {});
  const reader = stream.readable.getReader();
  const text = new TextDecoder();
  let [size, whole] = [0, ''];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return whole + text.decode();
    }
    size += value.length;
    if (size > most) {
      void reader.cancel();
      throw new DecodeError('PackedBundle.deflated', `at most ${most} bytes`, 'more');
    }
    whole += text.decode(value, { stream: true });
  }
}
