// The palette: items are asked for while one types, deeds are sieved here. Arrows choose, Enter opens; a code that is scanned or typed
// and chosen by nobody leads where the search above the page would.
const PAUSE_MS = 120;

export default function palette(box) {
  const field = box.querySelector("[role=combobox]");
  const found = box.querySelector("[data-found]");
  const deeds = box.querySelector("[data-deeds]");
  let timer, asked = 0;

  const offers = () => [...box.querySelectorAll("[role=option]")].filter((each) => !each.hidden);
  function choose(option) {
    box.querySelectorAll("[aria-selected=true]").forEach((each) => each.setAttribute("aria-selected", "false"));
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) field.setAttribute("aria-activedescendant", option.id);
    else field.removeAttribute("aria-activedescendant");
  }
  function step(by) {
    const all = offers();
    const at = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
    choose(all[(at + by + all.length) % all.length]);
  }
  function sieve(words) {
    for (const each of deeds.querySelectorAll("[role=option]")) each.hidden = !each.textContent.toLowerCase().includes(words);
    deeds.hidden = !deeds.querySelector("[role=option]:not([hidden])");
  }
  async function ask(words) {
    const mine = ++asked;
    const answer = words ? await fetch(`${box.dataset.from}?q=${encodeURIComponent(words)}`, { headers: { "HX-Request": "true" } }).catch(() => null) : null;
    const fresh = document.createElement("template");
    fresh.innerHTML = answer?.ok ? await answer.text() : "";
    if (mine !== asked) return;
    found.replaceChildren(...fresh.content.childNodes);
    choose(words ? offers()[0] : null);
  }
  field.addEventListener("input", () => {
    const words = field.value.trim();
    sieve(words.toLowerCase());
    choose(null);
    clearTimeout(timer);
    timer = setTimeout(() => ask(words), PAUSE_MS);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); step(event.key === "ArrowDown" ? 1 : -1); }
    else if (event.key === "Enter") {
      const chosen = box.querySelector("[aria-selected=true]:not([hidden])");
      if (chosen) { event.preventDefault(); chosen.click(); }
    }
  });
  box.addEventListener("close", () => { field.value = ""; sieve(""); ask(""); });
  // The search above every page is the same question.
  const search = document.querySelector("form[data-palette] input");
  search?.addEventListener("pointerdown", (event) => { event.preventDefault(); open(box); });
}

export function open(box) {
  if (!box.open) box.showModal();
  box.querySelector("[role=combobox]").focus();
}
