/** Unpacks a deflated member by the browser's own means, in pieces, and stops at the declared size. */
import { Bytes, Refusal } from './bytes';

export async function inflate(packed: Bytes, size: number, name: string): Promise<Bytes> {
  const target = new Uint8Array(size);
  const stream = new DecompressionStream('deflate-raw');
  const writer = stream.writable.getWriter();
  // Its errors arrive at the reader too.
  void writer.write(packed.array()).catch(() => {});
  void writer.close().catch(() => {});
  const reader = stream.readable.getReader();
  let filled = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new Refusal(name, 'packed bytes (deflate)', `damage after ${filled} bytes`);
    });
    if (done) {
      break;
    }
    if (filled + value.length > size) {
      void reader.cancel();
      throw new Refusal(name, `${size} bytes, as the list of members says`, 'more');
    }
    target.set(value, filled);
    filled += value.length;
  }
  if (filled !== size) {
    throw new Refusal(name, `${size} bytes, as the list of members says`, `${filled}`);
  }
  return new Bytes(target.buffer);
}
