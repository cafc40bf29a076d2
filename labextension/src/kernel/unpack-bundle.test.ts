import { expect, it } from 'vitest';
import { unpack } from './unpack-bundle';

async function pack(text: string): Promise<{ version: number; deflated: string }> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  return { version: 1, deflated: btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join('')) };
}

it('gives what was packed, and leaves alone what was not', async () => {
  expect(await unpack(await pack('{"name": "dense · 層"}'))).toEqual({ name: 'dense · 層' });
  for (const plain of [{ name: 'a model' }, 'text', null]) {
    expect(await unpack(plain)).toEqual(plain);
  }
});

it('stops at a limit, however much more there is', async () => {
  await expect(unpack(await pack(' '.repeat(2 ** 20)), 1000)).rejects.toThrow('at most 1000 bytes');
});

it.each([
  ['no base64', () => ({ version: 1, deflated: '***' })],
  ['nothing deflated', () => ({ version: 1, deflated: 'AAAA' })],
  ['no JSON', () => pack('{')],
  ['no text', () => ({ version: 1, deflated: 3 })]
])('refuses %s', async (_, make) => {
  await expect(unpack(await make())).rejects.toThrow();
});
