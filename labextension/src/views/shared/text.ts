/** Numbers, times and names as people read them. */

/** Names come from outside: none may fill the page. */
export const MAX_NAME = 200;

/** `text` with at most `length` characters, the cut shown, and nothing invisible that acts. */
export function clip(text: string, length = MAX_NAME): string {
  return (text.length > length ? `${text.slice(0, length - 1)}…` : text).replaceAll(INVISIBLE, '\ufffd');
}

/** Controls (not tab and line feed), marks that turn the direction of what stands beside, halves of characters. */
const INVISIBLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Four significant digits, without trailing noise: 0.1234, 12.35, 105,800, 1.2e-5, NaN, ∞. */
export function value(number: number | null | undefined): string {
  if (number === null || number === undefined) {
    return '–';
  }
  if (!Number.isFinite(number)) {
    return Number.isNaN(number) ? 'NaN' : number > 0 ? '∞' : '−∞';
  }
  const size = Math.abs(number);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) {
    return number
      .toExponential(2)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  }
  const digits = Number(number.toPrecision(4));
  return size >= 1e4 ? count(digits) : digits.toString();
}

/** A learning rate as people write it: 0.0005, but 5e-6; six digits. */
export function rate(number: number | null | undefined): string {
  if (number === null || number === undefined || !Number.isFinite(number)) {
    return value(number);
  }
  const size = Math.abs(number);
  const digits = Number(number.toPrecision(6));
  return size !== 0 && (size < 1e-5 || size >= 1e6)
    ? digits.toExponential().replace('e+', 'e')
    : digits.toString();
}

/** 1234567 as 1,234,567. */
export function count(number: number): string {
  return Math.round(number).toLocaleString('en-US');
}

/** 23562 as 23.6k: for narrow places. */
export function shortCount(number: number): string {
  for (const [size, unit] of UNITS) {
    if (number >= size) {
      return `${Number((number / size).toPrecision(3))}${unit}`;
    }
  }
  return String(number);
}

const UNITS = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k']
] as const;

/** 75 as 1:15, 4000 as 1:06:40; short times with a decimal. */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) {
    return '–';
  }
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const tail = `${String(minutes).padStart(hours > 0 ? 2 : 1, '0')}:${String(rest).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}

/** 41640 as 40.7 KB. */
export function bytes(size: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = size < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(size) / Math.log(1024)));
  return `${Number((size / 1024 ** power).toPrecision(3))} ${units[power]}`;
}
