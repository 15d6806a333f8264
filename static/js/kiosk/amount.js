// Quantities and money, exactly: whole millionths, and whole minor units. A binary fraction never touches either.
import { decimal } from "../language.js";

const PLACES = 6;
const ONE = 10n ** BigInt(PLACES);
const { point } = document.documentElement.dataset;

// Millionths of what somebody typed or the server wrote; null when it is no quantity of so many decimals.
export function parse(text, decimals = PLACES) {
  const plainly = String(text).replace(/[\s\u00a0\u202f]/g, "").replace(point, ".").replace(",", ".");
  const found = /^(\d{1,12})(?:\.(\d{1,6}))?$/.exec(plainly);
  if (!found || (found[2] ?? "").replace(/0+$/, "").length > decimals) return null;
  return BigInt(found[1]) * ONE + BigInt((found[2] ?? "").padEnd(PLACES, "0"));
}

// As the server takes it: "6", "0.150".
export function plain(millionths, decimals = 0) {
  return placed(millionths, PLACES, decimals);
}

// As a person reads it.
export function shown(millionths, decimals = 0) {
  return decimal(plain(millionths, decimals));
}

// What so much of something costs, in minor units of the money, rounded half-even once.
export function cost(amount, millionths, minor) {
  const exact = parse(amount) * millionths;
  const unit = 10n ** BigInt(2 * PLACES - minor);
  const whole = exact / unit, rest = 2n * (exact % unit);
  return whole + (rest > unit || (rest === unit && whole % 2n) ? 1n : 0n);
}

// Money as the till shows it: whole where it is whole.
export function money(minorUnits, minor) {
  const text = placed(minorUnits < 0n ? -minorUnits : minorUnits, minor, minor);
  return (minorUnits < 0n ? "\u2212" : "") + decimal(/\.0+$/.test(text) ? text.split(".")[0] : text);
}

export function step(decimals) {
  return decimals ? ONE / 10n : ONE;
}

// An integer of so many places as decimal text with at least `least` of them.
function placed(value, places, least) {
  const digits = String(value).padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  const fraction = digits.slice(digits.length - places).replace(/0+$/, "").padEnd(least, "0");
  return fraction ? `${whole}.${fraction}` : whole;
}
