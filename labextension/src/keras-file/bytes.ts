/** Bytes of a file that may be damaged or meant to do harm: no access outside of them, each one refused with its place. */

/** Why a file is not shown: where in it, what was expected there, what was found. */
export class Refusal extends Error {
  constructor(
    readonly place: string,
    readonly expected: string,
    readonly got: string
  ) {
    super(`${place}: expected ${expected}, found ${got}`);
    this.name = 'Refusal';
  }
}

const text = new TextDecoder('utf-8', { fatal: false });

export class Bytes {
  private readonly view: DataView;

  constructor(
    private readonly buffer: ArrayBuffer,
    private readonly start = 0,
    readonly size = buffer.byteLength - start
  ) {
    this.view = new DataView(buffer, start, size);
  }

  /** `size` bytes from `at` on, without a copy. */
  part(at: number, size: number, place: string): Bytes {
    this.check(at, size, place);
    return new Bytes(this.buffer, this.start + at, size);
  }

  /** Where `part` begins in these bytes. */
  offsetOf(part: Bytes): number {
    return part.start - this.start;
  }

  /** As an array without a copy: whoever gets it must not write to it. */
  array(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.buffer, this.start, this.size);
  }

  /** For fast reading of what was checked as a whole. */
  dataView(): DataView {
    return this.view;
  }

  u8(at: number, place: string): number {
    this.check(at, 1, place);
    return this.view.getUint8(at);
  }

  u16(at: number, place: string): number {
    this.check(at, 2, place);
    return this.view.getUint16(at, true);
  }

  u32(at: number, place: string): number {
    this.check(at, 4, place);
    return this.view.getUint32(at, true);
  }

  /** A size or a place: numbers past 2^53 cannot be either. */
  u64(at: number, place: string): number {
    const value = this.rawU64(at, place);
    if (value > Number.MAX_SAFE_INTEGER) {
      throw new Refusal(place, 'a size or place within the file', String(value));
    }
    return Number(value);
  }

  rawU64(at: number, place: string): bigint {
    this.check(at, 8, place);
    return this.view.getBigUint64(at, true);
  }

  text(at: number, size: number, place: string): string {
    return text.decode(this.part(at, size, place).array());
  }

  /** Text up to a zero byte, at most `longest` bytes. */
  zeroEnded(at: number, longest: number, place: string): string {
    this.check(at, 0, place);
    const window = this.part(at, Math.min(longest, this.size - at), place).array();
    const end = window.indexOf(0);
    if (end < 0) {
      throw new Refusal(place, `a name of at most ${longest} bytes`, 'a longer one, or one without an end');
    }
    return text.decode(window.subarray(0, end));
  }

  private check(at: number, size: number, place: string): void {
    if (!(at >= 0 && size >= 0 && at + size <= this.size)) {
      throw new Refusal(place, `${size} bytes at ${at}`, `the end of its ${this.size} bytes`);
    }
  }
}
