// The till's own book: what waits, what was refused and wants somebody, and what became of the last sales.
import { timeOf } from "../language.js";
import { amounts } from "./lines.js";
import { say } from "./words.js";

const SHOWN = 50;
const STATES = { waiting: ["hold", "waits"], refused: ["out", "refused"], done: ["done", "sent"] };

export async function showSales({ list, template, store, queue, catalogue, person }) {
  const entries = [...queue.refused, ...queue.waiting.slice().reverse(), ...(await store.seen(SHOWN))];
  list.replaceChildren(...entries.map((entry) => row(template, entry, { queue, catalogue, person })));
  if (!entries.length) list.append(Object.assign(document.createElement("li"), { className: "quiet", textContent: say("nothing_sold") }));
}

function row(template, entry, { queue, catalogue, person }) {
  const li = template.content.firstElementChild.cloneNode(true);
  const [look, word] = STATES[entry.state] ?? ["low"];
  li.querySelector("b").textContent = `${entry.kind === "return" ? `${say("returned")} · ` : ""}${amounts(entry.lines, catalogue.items)}${entry.sum ? ` · ${entry.sum}` : ""}`;
  li.querySelector("p").textContent = `${timeOf(Date.parse(entry.at))} · ${entry.reference} · ${entry.lines.map((line) => line.name).join(", ")}`;
  li.querySelector(".state").className = `state state-${look}`;
  li.querySelector(".state").textContent = word ? say(word) : say("settled", entry.settled_by);
  const said = li.querySelector(".form-error");
  const words = entry.problem?.detail ?? (entry.exceptions?.length ? say("exceptions", exceeded(entry, catalogue)) : "");
  said.textContent = words;
  said.hidden = !words;
  const acts = li.querySelector(".acts");
  acts.hidden = entry.state !== "refused";
  acts.addEventListener("click", ({ target }) => {
    const act = target.closest("[data-act]")?.dataset.act;
    if (act === "again") queue.tryAgain(entry);
    if (act === "settle") queue.settle(entry, person?.name ?? "");
  });
  return li;
}

export function exceeded({ exceptions }, catalogue) {
  return exceptions.map(({ sku, qty }) => `${catalogue.items.get(sku)?.name ?? sku}: ${amounts([{ sku, qty }], catalogue.items)}`).join(", ");
}
