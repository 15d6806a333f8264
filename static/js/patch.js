// Puts a newly rendered part in the place of the old one, calmly: numbers change where they stand and are marked, rows keep their
// place and order. `data-keeps`: rows neither come nor go until the person asks; `data-calm`: not while the person points at them.
// `data-grows`: new rows enter at the top. With `data-waiting` a button says that there are others.
import { mark } from "./mark.js";

export function patch(region, html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  // One answer may hold several regions of a page: each takes the part with its own id.
  const mine = region.id && fresh.content.querySelector(`#${CSS.escape(region.id)}`);
  if (mine) fresh.content.replaceChildren(...mine.childNodes);
  const before = rows(region), after = rows(fresh.content);
  if (before.size && "grows" in region.dataset) grow(region, before, after);
  else if (!before.size || !after.size || !(sameKeys(before, after) || stays(region))) replace(region, fresh, before);
  else keep(region, fresh, before, after);
}

function stays(region) {
  return "keeps" in region.dataset || ("calm" in region.dataset && region.matches(":hover, :focus-within"));
}

// Numbers change, rows stay; others are a click away.
function keep(region, fresh, before, after) {
  for (const [key, row] of before) if (after.has(key)) update(row, after.get(key));
  const others = [...after.keys()].filter((key) => !before.has(key)).length;
  if (region.dataset.waiting === undefined) return;
  if (!others) region.querySelector(":scope > .feed-wait")?.remove();
  else wait(region, others, () => replace(region, fresh, rows(region)));
}

function rows(root) {
  return new Map([...root.querySelectorAll("[data-row]")].map((row) => [row.dataset.row, row]));
}

function sameKeys(one, other) {
  return one.size === other.size && [...one.keys()].every((key) => other.has(key));
}

function update(row, fresh) {
  for (const number of own(row, "num")) {
    const now = own(fresh, "num").find((each) => each.dataset.num === number.dataset.num);
    if (!now || now.textContent === number.textContent) continue;
    number.textContent = now.textContent;
    number.className = now.className;
    mark(number);
  }
  for (const part of own(row, "part")) {
    const now = own(fresh, "part").find((each) => each.dataset.part === part.dataset.part);
    if (now && now.innerHTML !== part.innerHTML) part.innerHTML = now.innerHTML;
  }
}

// What belongs to this row and not to a row inside it.
function own(row, name) {
  return [...row.querySelectorAll(`[data-${name}]`)].filter((each) => each.closest("[data-row]") === row);
}

function replace(region, fresh, before) {
  const old = new Map([...before].flatMap(([key, row]) => own(row, "num").map((each) => [`${key} ${each.dataset.num}`, each.textContent])));
  region.replaceChildren(...fresh.content.childNodes);
  for (const [key, row] of rows(region)) {
    for (const number of own(row, "num")) {
      const was = old.get(`${key} ${number.dataset.num}`);
      if (was !== undefined && was !== number.textContent) mark(number);
    }
  }
}

function grow(region, before, after) {
  const list = before.values().next().value.parentElement;
  for (const [key, row] of before) if (after.has(key)) update(row, after.get(key));
  if ("goes" in region.dataset) fade(before, after);
  const arrived = [...after].filter(([key]) => !before.has(key)).map(([, row]) => row);
  if (arrived.length) enter(region, list, arrived, before.size);
}

// A row that has left the list stays until the person asks for the list again, but can be seen to be over. Rows are in order of
// their numbers, so one below the last of the new list is merely on another page.
function fade(before, after) {
  const number = (key) => Number(key.replace(/\D/g, ""));
  const last = after.size ? Math.min(...[...after.keys()].map(number)) : 0;
  for (const [key, row] of before) row.classList.toggle("gone", !after.has(key) && number(key) > last);
}

// While the person is pointing at or reading the list, what is new waits behind a count.
function enter(region, list, arrived, most) {
  if (region.matches(":hover, :focus-within") && region.dataset.waiting !== undefined) {
    wait(region, arrived.length, () => put(list, arrived, most));
    return;
  }
  region.querySelector(".feed-wait")?.remove();
  put(list, arrived, most);
}

function wait(region, count, show) {
  const button = region.querySelector(".feed-wait")
    ?? region.insertAdjacentElement("afterbegin", Object.assign(document.createElement("button"), { className: "feed-wait", type: "button" }));
  button.textContent = region.dataset.waiting.replace("{}", count);
  button.onclick = () => { button.remove(); show(); };
}

function put(list, arrived, most) {
  const fresh = arrived.filter((row) => !list.querySelector(`[data-row="${CSS.escape(row.dataset.row)}"]`));
  list.prepend(...fresh);
  fresh.forEach((row) => mark(row, "new"));
  while (list.children.length > most) list.lastElementChild.remove();
}
