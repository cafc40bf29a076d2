/**
 * The zip archive of a `.keras` file. All members are checked before one is read: names, kinds, sizes,
 * what they grow to. A member is unpacked in pieces, never past the size it declares, and its checksum is
 * compared. The rules are those by which layerlab loads files (docs/decisions/011).
 */
import { type Bytes, Refusal } from './bytes';
import { crc32 } from './crc32';
import { inflate } from './inflate';

const MAX_MEMBERS = 10_000;
const MAX_DIRECTORY_BYTES = 4 * 2 ** 20;
/** A packed member may grow by this, or to SMALL_BYTES; text of layers reaches about 50. */
const MAX_EXPANSION = 100;
const SMALL_BYTES = 2 ** 20;
const MAX_NAME_BYTES = 1_000;

const [END_SIZE, ENTRY_SIZE, LOCAL_SIZE] = [22, 46, 30];
const [END, ENTRY, LOCAL, END_64_LOCATOR] = [0x06054b50, 0x02014b50, 0x04034b50, 0x07064b50];
const [STORED, DEFLATED] = [0, 8];
const DIRECTORY = 'the list of members';

export type Member = {
  name: string;
  size: number;
  packedSize: number;
  isPacked: boolean;
  checksum: number;
  headerAt: number;
};

export class Archive {
  readonly members: ReadonlyMap<string, Member>;

  constructor(private readonly file: Bytes) {
    this.members = readDirectory(file);
  }

  /** The bytes of a member, at most `limit` of them. */
  async read(name: string, limit: number): Promise<Bytes> {
    const member = this.members.get(name);
    if (member === undefined) {
      throw new Refusal('the archive', `a member ${name}`, `${this.members.size} members, and not this one`);
    }
    if (member.size > limit) {
      throw new Refusal(name, `at most ${limit} bytes`, `${member.size} bytes`);
    }
    const packed = packedBytes(this.file, member);
    const whole = member.isPacked ? await inflate(packed, member.size, name) : packed;
    if (crc32(whole.array()) !== member.checksum) {
      throw new Refusal(name, 'bytes that fit their checksum', 'others: the file is damaged');
    }
    return whole;
  }
}

function readDirectory(file: Bytes): Map<string, Member> {
  const { count, size, at } = findDirectory(file);
  const directory = file.part(at, size, DIRECTORY);
  const members = new Map<string, Member>();
  let place = 0;
  let packed = 0;
  for (let index = 0; index < count; index++) {
    const { member, length } = readEntry(directory, place);
    if (members.has(member.name)) {
      throw new Refusal(DIRECTORY, 'each name once', `two members ${shown(member.name)}`);
    }
    members.set(member.name, member);
    packed += member.packedSize;
    place += length;
  }
  if (packed > file.size) {
    throw new Refusal(DIRECTORY, `members within the ${file.size} bytes of the file`, `${packed} bytes`);
  }
  return members;
}

function findDirectory(file: Bytes): { count: number; size: number; at: number } {
  const end = file.size - END_SIZE;
  if (end < 0 || file.u32(end, DIRECTORY) !== END || file.u16(end + 20, DIRECTORY) !== 0) {
    throw new Refusal(
      'the end of the file',
      'the end of a zip archive',
      'something else: it was cut off, or is no .keras file'
    );
  }
  if (end >= 20 && file.u32(end - 20, DIRECTORY) === END_64_LOCATOR) {
    throw new Refusal(DIRECTORY, 'that of an archive below 4 GiB', 'the form for larger ones (zip64)');
  }
  const count = file.u16(end + 10, DIRECTORY);
  const size = file.u32(end + 12, DIRECTORY);
  const at = file.u32(end + 16, DIRECTORY);
  if (count > MAX_MEMBERS || size > MAX_DIRECTORY_BYTES) {
    throw new Refusal(DIRECTORY, `at most ${MAX_MEMBERS} members`, `${count} in ${size} bytes`);
  }
  if (at + size !== end) {
    throw new Refusal('the archive', 'nothing before or after it', 'other bytes in the file');
  }
  return { count, size, at };
}

function readEntry(directory: Bytes, at: number): { member: Member; length: number } {
  if (directory.u32(at, DIRECTORY) !== ENTRY) {
    throw new Refusal(DIRECTORY, 'an entry', 'something else: the file is damaged');
  }
  const u16 = (offset: number) => directory.u16(at + offset, DIRECTORY);
  const u32 = (offset: number) => directory.u32(at + offset, DIRECTORY);
  const [nameSize, extraSize, commentSize] = [u16(28), u16(30), u16(32)];
  const name = directory.text(at + ENTRY_SIZE, nameSize, DIRECTORY);
  checkName(name, nameSize);
  const member: Member = {
    name,
    checksum: u32(16),
    packedSize: u32(20),
    size: u32(24),
    isPacked: u16(10) === DEFLATED,
    headerAt: u32(42)
  };
  checkKind(member, { flags: u16(8), method: u16(10), mode: u32(38) >>> 16 });
  return { member, length: ENTRY_SIZE + nameSize + extraSize + commentSize };
}

function checkName(name: string, size: number): void {
  const parts = name.split('/');
  const isUnsafe = parts.some(part => part === '' || part === '.' || part === '..') || /[\\:]/.test(name);
  // Control characters, and those that turn the direction of text: a name must be what it looks like.
  const isPlain = !/[\p{Cc}\p{Cf}\p{Cs}\ufffd]/u.test(name);
  if (isUnsafe || !isPlain || size > MAX_NAME_BYTES) {
    throw new Refusal(DIRECTORY, 'plain relative names', `a member ${shown(name)}`);
  }
}

function checkKind(
  member: Member,
  { flags, method, mode }: Record<'flags' | 'method' | 'mode', number>
): void {
  const kind = mode & 0o170000;
  if (kind !== 0 && kind !== 0o100000) {
    throw new Refusal(DIRECTORY, 'plain members', `a link, folder or device ${shown(member.name)}`);
  }
  if ((flags & 1) !== 0) {
    throw new Refusal(member.name, 'a plain member', 'an encrypted one');
  }
  if (method !== STORED && method !== DEFLATED) {
    throw new Refusal(
      member.name,
      'a member that is stored or deflated',
      `another way of packing (${method})`
    );
  }
  if (method === STORED && member.size !== member.packedSize) {
    throw new Refusal(member.name, 'one size', `two: ${member.size} and ${member.packedSize} bytes`);
  }
  if (member.size > Math.max(SMALL_BYTES, MAX_EXPANSION * member.packedSize)) {
    throw new Refusal(
      member.name,
      `at most ${MAX_EXPANSION} times its ${member.packedSize} packed bytes`,
      `${member.size} bytes: this is a bomb`
    );
  }
}

function packedBytes(file: Bytes, { name, headerAt, packedSize }: Member): Bytes {
  if (file.u32(headerAt, name) !== LOCAL) {
    throw new Refusal(name, 'its header where the list of members says', 'something else');
  }
  const start = headerAt + LOCAL_SIZE + file.u16(headerAt + 26, name) + file.u16(headerAt + 28, name);
  return file.part(start, packedSize, name);
}

/** A stranger's text, short and with every unusual character escaped. */
export function shown(name: string): string {
  return JSON.stringify(name.slice(0, 80)).replace(
    /[^ -~]/g,
    sign => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`
  );
}
