/** What is shown as a picture of its own: SVG as text, PNG drawn from it. Colours are for white paper. */
import type { NodeInfo } from '../../protocol';
import { clip } from '../shared/text';
import { roundedPath } from './edges';
import { familyColour } from './layer-family';
import type { Box, Placed } from './layout';
import { nodeTexts } from './node-size';
import { description, isFrozen } from './nodes';

export type PictureFormat = 'svg' | 'png';

const MARGIN = 16;
/** Browsers draw no larger canvas. */
const [MOST_PIXELS, LONGEST_SIDE] = [100_000_000, 16_000];
const SCALE = 2;
const FONT = 'system-ui, -apple-system, Segoe UI, Roboto, sans-serif';
const CODE = 'ui-monospace, Menlo, Consolas, monospace';

/** The placed graph as the text of an SVG file. */
export function graphSvg({ graph, layout }: Placed, title: string): string {
  const [width, height] = [Math.ceil(layout.width + 2 * MARGIN), Math.ceil(layout.height + 2 * MARGIN)];
  const boxOf = (id: string) => layout.boxes.get(id) ?? { x: 0, y: 0, width: 0, height: 0 };
  const frames = graph.nodes.filter(node => node.kind === 'open');
  const boxes = graph.nodes.filter(node => node.kind !== 'open');
  const edges = graph.edges.map(({ id, source, target }) => {
    const points = layout.routes.get(id) ?? [middle(boxOf(source)), middle(boxOf(target))];
    return `<path d="${roundedPath(points)}" marker-end="url(#arrow)"/>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="${-MARGIN} ${-MARGIN} ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 1l9 4-9 4z" fill="#6b7280"/></marker></defs>',
    `<rect x="${-MARGIN}" y="${-MARGIN}" width="${width}" height="${height}" fill="#fff"/>`,
    ...frames.map(({ info }) => frameSvg(info, boxOf(info.id))),
    `<g fill="none" stroke="#6b7280" stroke-width="1.3">${edges.join('')}</g>`,
    ...boxes.map(({ info, kind }) => boxSvg(info, boxOf(info.id), kind === 'folded')),
    '</svg>'
  ].join('\n');
}

function boxSvg(info: NodeInfo, box: Box, isGroup: boolean): string {
  const colour = familyColour(info.family);
  const texts = nodeTexts(info);
  const dash = isFrozen(info) ? ' stroke-dasharray="4 3"' : '';
  const shape = rect(box, 6, `fill="#fff" stroke="${colour}"${dash}`);
  const behind = isGroup
    ? rect({ ...box, x: box.x + 4, y: box.y + 4 }, 6, `fill="#fff" stroke="${colour}"`)
    : '';
  const [left, right] = [box.x + 13, box.x + box.width - 10];
  const [first, second] = [box.y + box.height / 2 - 4, box.y + box.height / 2 + 13];
  return [
    `<g><title>${escaped(description(info))}</title>`,
    behind,
    shape,
    rect(box, 6, `fill="${colour}" fill-opacity="0.12"`),
    rect({ ...box, width: 5 }, 2, `fill="${colour}"`),
    text(left, first, 12.5, texts.name, `font-weight="600" fill="#111827"`),
    text(right, first, 11.5, texts.className, `text-anchor="end" fill="#4b5563"`),
    text(left, second, 11, texts.shape, `fill="#4b5563"`, CODE),
    text(right, second, 11.5, texts.parameters, `text-anchor="end" fill="#4b5563"`),
    '</g>'
  ].join('');
}

function frameSvg(info: NodeInfo, box: Box): string {
  const colour = familyColour(info.family);
  const heading = `${clip(info.name, 40)} · ${clip(info.class_name, 28)}`;
  return [
    `<g><title>${escaped(description(info))}</title>`,
    rect(box, 8, `fill="${colour}" fill-opacity="0.05" stroke="${colour}" stroke-opacity="0.6"`),
    text(box.x + 13, box.y + 20, 12.5, heading, `font-weight="600" fill="#111827"`),
    '</g>'
  ].join('');
}

function rect({ x, y, width, height }: Box, radius: number, style: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" ${style}/>`;
}

function text(x: number, y: number, size: number, words: string, style: string, font = FONT): string {
  return words === ''
    ? ''
    : `<text x="${x}" y="${y}" font-family="${font}" font-size="${size}" ${style}>${escaped(words)}</text>`;
}

function middle({ x, y, width, height }: Box): { x: number; y: number } {
  return { x: x + width / 2, y: y + height / 2 };
}

/** Text as text: nothing in it is markup. */
export function escaped(words: string): string {
  return clip(words, 600)
    .replaceAll(/\s+/g, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Let the person save the graph; `name` is what it is called, whatever that is. */
export async function download(placed: Placed, name: string, format: PictureFormat): Promise<void> {
  const svg = graphSvg(placed, name);
  const svgUrl = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  const link = document.createElement('a');
  link.href = format === 'svg' ? svgUrl : await pngUrl(svgUrl);
  link.download = `${fileName(name)}.${format}`;
  link.click();
}

export function fileName(name: string): string {
  return (
    clip(name, 60)
      .replaceAll(/[^\p{L}\p{N}_-]+/gu, '_')
      .replaceAll(/^_+|_+$/g, '') || 'model'
  );
}

async function pngUrl(svgUrl: string): Promise<string> {
  const image = new Image();
  image.src = svgUrl;
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  const scale = Math.min(
    SCALE,
    LONGEST_SIDE / Math.max(width, height),
    Math.sqrt(MOST_PIXELS / (width * height))
  );
  const canvas = document.createElement('canvas');
  canvas.width = Math.floor(width * scale);
  canvas.height = Math.floor(height * scale);
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png');
}
