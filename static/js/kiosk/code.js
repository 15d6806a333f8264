// What a scanned or typed text asks for: an item, and how much of it. Pure but for the catalogue it is asked of.
import { parse } from "./amount.js";

const MILLI = 1000n;

// { item, millionths } or null. `3*4711` is three of 4711. A label of a shop's scales carries PLU and grams: 2x PPPPP WWWWW C.
export function asked(text, catalogue) {
  const [, times, code] = /^(?:(\d+(?:[.,]\d+)?)\s*[*x×]\s*)?(\S.*)$/.exec(text.trim()) ?? [];
  if (!code) return null;
  const item = catalogue.byCode(code);
  if (item) return exactly(item, times);
  const label = /^2\d(\d{5})(\d{5})\d$/.exec(code);
  const weighed = label && isEan(code) ? catalogue.byPlu(label[1]) : null;
  if (weighed?.unit === "kg") return { item: weighed, millionths: BigInt(label[2]) * MILLI, weighed: true };
  if (weighed?.unit === "g") return { item: weighed, millionths: BigInt(label[2]) * MILLI * MILLI, weighed: true };
  return null;
}

function exactly(item, times) {
  if (times === undefined) return { item, millionths: null };
  const millionths = parse(times, item.decimals);
  return millionths ? { item, millionths } : null;
}

export function isEan(code) {
  const sum = [...code].reduce((total, digit, place) => total + Number(digit) * (place % 2 ? 3 : 1), 0);
  return sum % 10 === 0;
}
