// The till's sentences, from the page: `say("left", "78")`. What is counted has a form for one, two and five.
const rules = new Intl.PluralRules(document.documentElement.lang === "ru" ? "ru" : "en");
let words = {};

export function learn(text) { words = JSON.parse(text); }

export function say(name, ...values) {
  let place = 0;
  return words[name].replace(/\{\}/g, () => values[place++]);
}

export function count(name, number) {
  const form = ["one", "few"].indexOf(rules.select(number));
  return words[name].at(form).replace("{}", number);
}

export function unit(code) { return words.units[code] ?? code; }

export function role(name) { return words.roles[name] ?? name; }
