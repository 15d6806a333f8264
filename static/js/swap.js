// A link that changes one part of the page: its rows, its chart. The address follows, and going back brings the old page.
export default function link(element) {
  element.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    swap(element.href, element.dataset.target, element.dataset.part);
  });
}

let asked = 0;

export async function swap(address, target, part) {
  const url = new URL(address, location.href);
  if (part) url.searchParams.set("part", part);
  const mine = ++asked;
  await htmx.ajax("GET", url.pathname + url.search, { target, swap: "innerHTML" });
  if (mine === asked) history.replaceState(null, "", address);
}
