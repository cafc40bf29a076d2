/**
 * Reads the part of HDF5 in which Keras writes weights: groups of the first kind, plain arrays that the file
 * holds in full, attributes of text. Everything else (links to other places or files, external storage,
 * compressed, virtual or unwritten arrays, references) is refused with its place, as layerlab does when it
 * loads a file. No array is read here, and each step is counted, so that no file can keep us busy.
 * Source: The HDF Group, HDF5 File Format Specification 3.0, sections II.A, III.A, III.D, III.E, IV.A.
 */
import { type Bytes, Refusal } from './bytes';
import { attributeText } from './hdf5-attributes';
import { type Dataspace, type DType, readDataspace, readDType } from './hdf5-types';

/** Links of all groups: a model of 10,000 layers with an optimizer has half of that. */
const MAX_OBJECTS = 200_000;
const MAX_MESSAGES = 1_000_000;
const MAX_NAME_BYTES = 1_000;
const MAX_DEPTH = 100;
const UNDEFINED = 0xffffffffffffffffn;

const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  dtype: 0x03,
  link: 0x06,
  external: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11
} as const;

/** An array in the file: where it is, and how its values are written. */
export type StoredArray = {
  /** Names of the groups around it and its own, joined by slashes. */
  path: string;
  shape: readonly number[];
  dtype: DType;
  at: number;
  size: number;
};

export type WeightsFile = {
  arrays: readonly StoredArray[];
  /** By the path of a group: what its attribute `name` says; Keras puts the layer's name there. */
  names: ReadonlyMap<string, string>;
};

type Message = { type: number; body: Bytes };
type Place = { path: string; at: number; depth: number };

/** All arrays of an HDF5 file. `label` names the file in refusals. */
export function readWeights(file: Bytes, label: string): WeightsFile {
  return new Reader(file, label).read();
}

class Reader {
  private readonly seen = new Set<number>();
  private objects = 0;
  private messages = 0;
  private stored = 0;
  private readonly arrays: StoredArray[] = [];
  private readonly names = new Map<string, string>();

  constructor(
    private readonly file: Bytes,
    private readonly label: string
  ) {}

  read(): WeightsFile {
    const waiting: Place[] = [{ path: '', at: this.rootAt(), depth: 0 }];
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      waiting.push(...this.readObject(place).reverse());
    }
    return { arrays: this.arrays, names: this.names };
  }

  private rootAt(): number {
    const label = this.label;
    if (this.file.size < 96 || this.file.rawU64(0, label) !== 0x0a1a0a0d46444889n) {
      throw new Refusal(label, 'an HDF5 file', 'something else');
    }
    const version = this.file.u8(8, label);
    const sizes = [this.file.u8(13, label), this.file.u8(14, label)];
    if (version !== 0 || sizes[0] !== 8 || sizes[1] !== 8) {
      throw new Refusal(
        label,
        'the layout of HDF5 in which Keras writes',
        `another one (version ${version})`
      );
    }
    if (this.file.u64(24, label) !== 0 || this.file.u64(40, label) > this.file.size) {
      throw new Refusal(label, `a file of ${this.file.u64(40, label)} bytes`, `${this.file.size} bytes`);
    }
    return this.file.u64(64, label);
  }

  /** Notes an array, or what a group is called; returns the members of a group. */
  private readObject({ path, at, depth }: Place): Place[] {
    const shown = this.place(path);
    if (this.seen.has(at)) {
      throw new Refusal(shown, 'a group or array of its own', 'one that is also in another place');
    }
    this.seen.add(at);
    if (depth > MAX_DEPTH) {
      throw new Refusal(shown, `groups at most ${MAX_DEPTH} deep`, 'deeper ones');
    }
    const messages = this.readMessages(at, shown);
    const attributes = messages.filter(message => message.type === MESSAGE.attribute);
    const table = messages.find(message => message.type === MESSAGE.symbolTable);
    if (table !== undefined) {
      const name = this.attribute(attributes, 'name', shown);
      if (name !== null) {
        this.names.set(path, name);
      }
      return this.readTable(table.body, path, shown).map(member => ({ ...member, depth: depth + 1 }));
    }
    this.noteArray(path, shown, messages, this.attribute(attributes, 'dtype', shown));
    return [];
  }

  private attribute(messages: readonly Message[], name: string, shown: string): string | null {
    for (const { body } of messages) {
      const found = attributeText(this.file, body, name, shown);
      if (found !== null) {
        return found;
      }
    }
    return null;
  }

  // --- the messages of an object ----------------------------------------------------------------

  private readMessages(at: number, shown: string): Message[] {
    if (this.file.u8(at, shown) !== 1) {
      throw new Refusal(shown, 'the layout of HDF5 in which Keras writes', 'another one, or damage');
    }
    const count = this.file.u16(at + 2, shown);
    const found: Message[] = [];
    const blocks = [this.file.part(at + 16, this.file.u32(at + 8, shown), shown)];
    for (let block = blocks.shift(); block !== undefined; block = blocks.shift()) {
      for (let place = 0; place + 8 <= block.size && found.length < count; ) {
        const size = block.u16(place + 2, shown);
        const message = { type: block.u16(place, shown), body: block.part(place + 8, size, shown) };
        this.checkMessage(message.type, block.u8(place + 4, shown), shown);
        found.push(message);
        if (message.type === MESSAGE.continuation) {
          const [from, length] = [message.body.u64(0, shown), message.body.u64(8, shown)];
          blocks.push(this.file.part(from, length, shown));
        }
        place += 8 + size;
      }
    }
    return found;
  }

  private checkMessage(type: number, flags: number, shown: string): void {
    this.messages++;
    if (this.messages > MAX_MESSAGES) {
      throw new Refusal(this.label, `at most ${MAX_MESSAGES} entries about groups and arrays`, 'more');
    }
    if ((flags & 2) !== 0) {
      throw new Refusal(shown, 'a description of its own', 'one that is elsewhere');
    }
    const refused = REFUSED[type];
    if (refused !== undefined) {
      throw new Refusal(shown, 'a plain group or array in the file itself', refused);
    }
  }

  // --- groups -----------------------------------------------------------------------------------

  private readTable(body: Bytes, path: string, shown: string): { path: string; at: number }[] {
    const names = this.heap(body.u64(8, shown), shown);
    const members: { path: string; at: number }[] = [];
    const waiting = [body.u64(0, shown)];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      this.count(shown);
      const signature = this.file.text(at, 4, shown);
      if (signature === 'TREE') {
        waiting.push(...this.children(at, shown).reverse());
      } else if (signature === 'SNOD') {
        this.readEntries(at, names, path, shown, members);
      } else {
        throw new Refusal(shown, 'a list of members', 'something else: the file is damaged');
      }
    }
    return members;
  }

  /** The places of the children of a B-tree node: each child is between two keys. */
  private children(at: number, shown: string): number[] {
    if (this.seen.has(at)) {
      throw new Refusal(shown, 'a list of members', 'one that contains itself');
    }
    this.seen.add(at);
    if (this.file.u8(at + 4, shown) !== 0) {
      throw new Refusal(shown, 'a list of members', 'a list of something else');
    }
    const count = this.file.u16(at + 6, shown);
    return Array.from({ length: count }, (_, index) => this.file.u64(at + 32 + 16 * index, shown));
  }

  private heap(at: number, shown: string): Bytes {
    if (this.file.text(at, 4, shown) !== 'HEAP') {
      throw new Refusal(shown, 'names of members', 'something else: the file is damaged');
    }
    return this.file.part(this.file.u64(at + 24, shown), this.file.u64(at + 8, shown), shown);
  }

  private readEntries(
    at: number,
    names: Bytes,
    path: string,
    shown: string,
    members: { path: string; at: number }[]
  ): void {
    const count = this.file.u16(at + 6, shown);
    for (let entry = at + 8; entry < at + 8 + 40 * count; entry += 40) {
      this.count(shown);
      const name = names.zeroEnded(this.file.u64(entry, shown), MAX_NAME_BYTES, shown);
      if (this.file.u32(entry + 16, shown) === 2) {
        throw new Refusal(this.place(`${path}/${name}`), 'a group or array', 'a link to another place');
      }
      if (name === '' || name.includes('/')) {
        throw new Refusal(
          shown,
          'members with plain names',
          `one named ${JSON.stringify(name.slice(0, 80))}`
        );
      }
      members.push({ path: path === '' ? name : `${path}/${name}`, at: this.file.u64(entry + 8, shown) });
    }
  }

  private count(shown: string): void {
    this.objects++;
    if (this.objects > MAX_OBJECTS) {
      throw new Refusal(shown, `at most ${MAX_OBJECTS} groups and arrays`, 'more');
    }
  }

  // --- arrays -----------------------------------------------------------------------------------

  private noteArray(path: string, shown: string, messages: readonly Message[], kind: string | null): void {
    const body = (type: number, what: string) => {
      const found = messages.find(message => message.type === type);
      if (found === undefined) {
        throw new Refusal(shown, `an array with ${what}`, 'none');
      }
      return found.body;
    };
    const space = readDataspace(body(MESSAGE.dataspace, 'a shape'), shown);
    const dtype = readDType(body(MESSAGE.dtype, 'a type'), kind, shown);
    const { at, size } = this.readLayout(
      body(MESSAGE.layout, 'a place'),
      declaredSize(space, dtype, shown),
      shown
    );
    this.stored += size;
    if (this.stored > this.file.size) {
      throw new Refusal(shown, 'arrays that do not share their bytes', 'more bytes than the file has');
    }
    this.arrays.push({ path, shape: space.shape, dtype, at, size });
  }

  private readLayout(body: Bytes, declared: number, shown: string): { at: number; size: number } {
    const [version, kind] = [body.u8(0, shown), body.u8(1, shown)];
    if (version !== 3 || (kind !== 0 && kind !== 1)) {
      const found =
        version === 3 ? 'one in pieces, as compressed ones are' : 'one whose values lie elsewhere';
      throw new Refusal(shown, 'an array stored as it is', found);
    }
    if (declared === 0) {
      return { at: 0, size: 0 };
    }
    const isUnwritten = kind === 1 && body.rawU64(2, shown) === UNDEFINED;
    const size = isUnwritten ? 0 : kind === 1 ? body.u64(10, shown) : body.u16(2, shown);
    if (size < declared) {
      throw new Refusal(shown, `${declared} bytes, as its shape says`, `${size} in the file`);
    }
    const at = kind === 1 ? body.u64(2, shown) : this.file.offsetOf(body) + 4;
    this.file.part(at, declared, shown);
    return { at, size: declared };
  }

  private place(path: string): string {
    return path === '' ? this.label : `${this.label}, ${path.slice(-200)}`;
  }
}

const REFUSED: Readonly<Record<number, string>> = {
  [MESSAGE.linkInfo]: 'a group of another kind, as those with links to other files are',
  [MESSAGE.link]: 'a group of another kind, as those with links to other files are',
  [MESSAGE.external]: 'an array whose values are in another file',
  [MESSAGE.filters]: 'a compressed or filtered array'
};

function declaredSize(space: Dataspace, dtype: DType, shown: string): number {
  const size = space.isNull ? 0 : space.shape.reduce((product, length) => product * length, dtype.size);
  if (size > Number.MAX_SAFE_INTEGER) {
    throw new Refusal(shown, 'an array within the file', `the shape (${space.shape.join(', ')})`);
  }
  return size;
}
