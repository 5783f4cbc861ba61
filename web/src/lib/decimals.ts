/**
 * Exact decimals. Prices and quantities travel as canonical decimal strings and are
 * computed here as whole units of a power of ten; a floating-point number never holds money.
 */

/** A decimal number: `units` × 10^-`scale`. */
export interface Decimal {
  readonly units: bigint;
  readonly scale: number;
}

/** Digits before the point, and after it, that the contract allows. */
export const INTEGER_DIGITS_MAX = 18;
export const FRACTION_DIGITS_MAX = 9;

export const ZERO: Decimal = { units: 0n, scale: 0 };

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?$/;
const CANONICAL = /^(?:-?(?:[1-9]\d{0,17})(?:\.\d{0,8}[1-9])?|-?0\.\d{0,8}[1-9]|0)$/;

/** Returns whether a text is a decimal in the canonical form of the contract. */
export function isCanonical(text: string): boolean {
  return CANONICAL.test(text);
}

/** Reads a decimal; throws a RangeError that says what is wrong. */
export function parse(text: string): Decimal {
  const match = NUMBER.exec(text);
  if (!match) throw new RangeError(`"${text}" is not a decimal number`);
  const [, sign = "", whole = "", fraction = ""] = match;
  const units = BigInt(whole + fraction);
  return { units: sign ? -units : units, scale: fraction.length };
}

/** Reads a decimal, or returns undefined for an empty or malformed text. */
export function tryParse(text: string): Decimal | undefined {
  return NUMBER.test(text) ? parse(text) : undefined;
}

/** Writes the canonical form: no trailing zero, no exponent, no negative zero. */
export function format(value: Decimal): string {
  const negative = value.units < 0n;
  const digits = (negative ? -value.units : value.units).toString().padStart(value.scale + 1, "0");
  const point = digits.length - value.scale;
  const fraction = digits.slice(point).replace(/0+$/, "");
  const text = digits.slice(0, point) + (fraction ? `.${fraction}` : "");
  return negative && text !== "0" ? `-${text}` : text;
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  return [a.units * 10n ** BigInt(scale - a.scale), b.units * 10n ** BigInt(scale - b.scale), scale];
}

export function compare(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const [left, right] = aligned(a, b);
  return left < right ? -1 : left > right ? 1 : 0;
}

export function add(a: Decimal, b: Decimal): Decimal {
  const [left, right, scale] = aligned(a, b);
  return { units: left + right, scale };
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  const [left, right, scale] = aligned(a, b);
  return { units: left - right, scale };
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  return { units: a.units * b.units, scale: a.scale + b.scale };
}

/** `value` / `by`, cut after `places` digits; `by` is not zero. */
export function divide(value: Decimal, by: Decimal, places: number): Decimal {
  const [left, right] = aligned(value, by);
  return { units: (left * 10n ** BigInt(places)) / right, scale: places };
}

/** Returns whether `value` is a whole multiple of a positive `step`. */
export function isMultiple(value: Decimal, step: Decimal): boolean {
  const [left, right] = aligned(value, step);
  return right > 0n && left % right === 0n;
}

/** The greatest multiple of a positive `step` that is not above a non-negative `value`. */
export function floorTo(value: Decimal, step: Decimal): Decimal {
  const [left, right, scale] = aligned(value, step);
  return { units: left - (left % right), scale };
}

/** `part` of `whole` in per mille, 0 to 1000: for drawing a bar, not for computing. */
export function perMille(part: string, whole: string): number {
  const [a, b] = [tryParse(part), tryParse(whole)];
  if (!a || !b || b.units <= 0n || a.units <= 0n) return 0;
  const [left, right] = aligned(a, b);
  const share = Number((left * 1000n) / right);
  return Math.min(share, 1000);
}

/** The canonical form of a typed text, or its fault. */
export type Typed = { ok: true; text: string } | { ok: false; why: string };

/** What a typed number looks like: commas between groups of three digits, which 0,500 is not: elsewhere it is a half; a point, and k (thousands) or m (millions). */
const TYPED = /^(-?)(\d*|[1-9]\d{0,2}(?:,\d{3})+)(?:\.(\d*))?([km]?)$/i;
const POWERS: Readonly<Record<string, number>> = { "": 0, k: 3, m: 6 };

/** Turns a typed text into canonical form, or says why that is not possible: "1,000" is 1000, "1.5m" is 1500000. */
export function fromInput(typed: string): Typed {
  const text = typed.trim();
  if (text === "") return { ok: false, why: "is missing" };
  const match = TYPED.exec(text);
  if (!match && /^-?[\d,]+(\.\d*)?[km]?$/i.test(text)) return { ok: false, why: "takes a point for decimals, and commas only between groups of three digits" };
  if (!match || (!match[2] && !match[3])) return { ok: false, why: "is not a number" };
  const power = POWERS[(match[4] ?? "").toLowerCase()] ?? 0;
  const fractionDigits = (match[3] ?? "").padEnd(power, "0");
  const wholeDigits = (match[2] ?? "").replaceAll(",", "") + fractionDigits.slice(0, power);
  const whole = wholeDigits.replace(/^0+(?=\d)/, "") || "0";
  const fraction = fractionDigits.slice(power).replace(/0+$/, "");
  if (whole.length > INTEGER_DIGITS_MAX || fraction.length > FRACTION_DIGITS_MAX) {
    return { ok: false, why: "has too many digits" };
  }
  const size = fraction ? `${whole}.${fraction}` : whole;
  return { ok: true, text: match[1] && size !== "0" ? `-${size}` : size };
}

/** The canonical form of a typed text, or "" while it is no number. */
export function numberOf(typed: string): string {
  const read = fromInput(typed);
  return read.ok ? read.text : "";
}

/**
 * What a field of a number holds after a person typed or pasted: `text`, or `before` if a part of it
 * can be in no number. What was pasted is never taken in part: 1e3 does not become 13.
 */
export function typable(text: string, before: string, negative = false): string {
  const trimmed = text.trim();
  return (negative ? /^-?[\d.,km]*$/i : /^[\d.,km]*$/i).test(trimmed) ? trimmed : before;
}

/** Pads a canonical decimal with zeros to at least `scale` places, so that columns align. */
export function padded(text: string, scale: number): string {
  if (!isCanonical(text)) return text;
  const [whole = "", fraction = ""] = text.split(".");
  if (fraction.length >= scale) return text;
  return `${whole}.${fraction.padEnd(scale, "0")}`;
}

/** Rounds half away from zero to at most `scale` places, for display only. */
export function rounded(text: string, scale: number): string {
  const value = tryParse(text);
  if (!value || value.scale <= scale) return text;
  const divisor = 10n ** BigInt(value.scale - scale);
  const half = value.units < 0n ? -(divisor / 2n) : divisor / 2n;
  return format({ units: (value.units + half) / divisor, scale });
}

/** Groups the digits before the point in threes: "1234567.5" gives "1,234,567.5". */
export function grouped(text: string): string {
  const [whole = "", fraction] = text.split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? spaced : `${spaced}.${fraction}`;
}
