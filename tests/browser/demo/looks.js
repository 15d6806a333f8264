// What a page must keep whoever looks at it, asked from inside the page. Each question answers with complaints in words.
// Put into every page before its own scripts, beside axe.
document.addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));

const FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
const shown = (element) => element.checkVisibility({ checkVisibilityCSS: true, checkOpacity: true }) && element.getClientRects().length > 0;
const named = (element) => `<${element.tagName.toLowerCase()}${element.getAttribute("class") ? ` class="${element.getAttribute("class")}"` : ""}> ${(element.textContent || element.name || "").trim().slice(0, 40)}`;

globalThis.looks = {
  // Waits until colours and sizes stand still after a change: even a transition of a millisecond takes a frame.
  async settled() {
    for (let frames = 2; frames; frames -= 1) await new Promise((done) => requestAnimationFrame(done));
    await Promise.allSettled(document.getAnimations().filter((each) => each.effect?.getTiming().iterations !== Infinity).map((each) => each.finished));
  },

  // One h1, one main, a name in the title, a language, and a way past the navigation where there is one.
  landmarks() {
    const said = [];
    const count = (selector) => [...document.querySelectorAll(selector)].filter(shown).length;
    if (count("h1") !== 1) said.push(`${count("h1")} headings of the first level are shown, not one`);
    if (count("main") !== 1) said.push(`${count("main")} mains are shown, not one`);
    if (!document.title.includes(" · ") || !document.documentElement.lang) said.push("the title or the language is missing");
    if (document.querySelector("nav.side, nav.thumb")) {
      const first = [...document.querySelectorAll(FOCUSABLE)].find((each) => !each.disabled);
      if (!first?.matches("a.skip") || !document.querySelector(first.getAttribute("href"))) said.push("the first thing to reach is not a link past the navigation");
    }
    return said;
  },

  // Charts draw themselves anew when their place has changed, so there is a moment of patience.
  async sideways() {
    let over = 1;
    for (let frames = 60; over > 0 && frames; frames -= 1) {
      over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
      await new Promise((done) => requestAnimationFrame(done));
    }
    if (over <= 0) return [];
    const widest = [...document.querySelectorAll("main *, header *, nav *")].filter(shown).reduce((a, b) => (a && a.getBoundingClientRect().right >= b.getBoundingClientRect().right ? a : b), null);
    return [`scrolls sideways by ${over} px at ${innerWidth} px: ${widest && named(widest)}`];
  },

  // Whatever can have the focus shows it, and nothing sticky lies on top. To be asked after a key was pressed, so that the ring is due.
  focus() {
    const said = [];
    for (const element of document.querySelectorAll(FOCUSABLE)) {
      if (!shown(element) || element.disabled || element.closest("[inert], [aria-hidden='true']")) continue;
      element.focus();
      if (document.activeElement !== element) continue;
      if (!ringed(element)) said.push(`the focus does not show on ${named(element)}`);
      else if (hidden(element)) said.push(`something lies on the focused ${named(element)}: ${named(hidden(element))}`);
    }
    document.activeElement?.blur();
    scrollTo(0, 0);
    return said;
  },

  // Where links and forms lead that can be reached when everything folded is open, dialogs with a way to open them included.
  ways() {
    document.querySelectorAll("details").forEach((each) => { each.open = true; });
    const ways = new Set();
    const path = (address) => new URL(address, location.href).pathname;
    for (const link of document.querySelectorAll("a[href]")) if (shown(link) && new URL(link.href).origin === location.origin) ways.add(path(link.href));
    const opened = new Set([...document.querySelectorAll("[data-opens]")].filter(shown).map((each) => each.dataset.opens));
    for (const form of document.querySelectorAll("form")) if (opened.has(form.closest("dialog")?.id) || [...form.querySelectorAll("button, input:not([type=hidden])")].some(shown)) ways.add(path(form.getAttribute("action") || ""));
    document.querySelectorAll("details").forEach((each) => { each.open = false; });
    return [...ways];
  },

  // With reduced motion asked for, nothing moves for longer than an eye sees.
  motion() {
    const long = (text) => text.split(",").some((each) => parseFloat(each) * (each.trim().endsWith("ms") ? 1 : 1000) > 10);
    return [...document.querySelectorAll("*")]
      .filter((each) => { const style = getComputedStyle(each); return long(style.transitionDuration) || (style.animationName !== "none" && long(style.animationDuration)); })
      .slice(0, 3).map((each) => `moves although reduced motion is asked for: ${named(each)}`);
  },

  // Texts that people read or hear: what is shown, names for those who hear, hints in fields, the title.
  texts() {
    const found = [document.title];
    const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) if (!walk.currentNode.parentElement.closest("script, style, code, kbd, .code, .sku, [lang]:not(html), [translate=no]")) found.push(walk.currentNode.data);
    for (const name of ["aria-label", "title", "placeholder", "alt"]) document.querySelectorAll(`[${name}]`).forEach((each) => { if (!each.closest("[lang]:not(html), [translate=no]")) found.push(each.getAttribute(name)); });
    document.querySelectorAll("input[type=submit], input[type=button]").forEach((each) => found.push(each.value));
    return found.map((each) => each.trim()).filter(Boolean);
  },
};

function ringed(element) {
  for (let each = element; each && each !== document.body; each = each.parentElement) {
    const style = getComputedStyle(each);
    const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    if (outlined || (each === element && style.boxShadow !== "none")) return true;
    // A field may leave its ring to the frame around it.
    if (each !== element && !each.matches(":focus-within")) return false;
    if (each.contains(element) && each !== element && each.querySelectorAll(FOCUSABLE).length > 3) return false;
  }
  return false;
}

// What covers all of the element's corners and its middle, if something does.
function hidden(element) {
  const box = element.getBoundingClientRect();
  const points = [[.5, .5], [.1, .2], [.9, .2], [.1, .8], [.9, .8]].map(([x, y]) => document.elementFromPoint(box.left + x * box.width, box.top + y * box.height));
  const free = points.some((each) => each && (element.contains(each) || each.contains(element) || each.closest("label")?.control === element));
  return free || points.every((each) => each === null) ? null : points[0];
}
