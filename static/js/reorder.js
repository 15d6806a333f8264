// What is to be ordered: beside each quantity what it is in the item's own unit and what it costs, on the button how many drafts.
export default function reorder(form) {
  const { point, group } = document.documentElement.dataset;
  const button = form.querySelector("[data-many]");
  if (!button) return;
  const read = (text) => Number(text.replaceAll(group, "").replace(/[\s\u00a0\u202f]/g, "").replace(point, "."));
  const write = (number, digits) => {
    const [whole, rest] = (digits === undefined ? String(Math.round(number * 1e6) / 1e6) : number.toFixed(digits)).split(".");
    return whole.replace(/\B(?=(\d{3})+$)/g, group) + (rest ? point + rest : "");
  };
  const terms = (row) => { const seller = row.querySelector("[data-seller]"); return (seller.selectedOptions?.[0] ?? seller).dataset; };
  const cell = (row, name) => row.querySelector(`[data-cell=${name}]`);
  const digits = (currency) => new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  const money = (amount, currency) => `${currency}\u00a0${write(amount, digits(currency))}`;

  // The price that counts for so many: of the highest step that is reached.
  function price(prices, packs) {
    const steps = prices.split(" ").filter(Boolean).map((step) => step.split(":").map(Number));
    return steps.filter(([from]) => from === 1 || from <= packs).pop()?.[1];
  }
  function reckon(row) {
    const { pack, unit, prices, currency, day, days } = terms(row);
    if (!pack) return null;
    const packs = read(row.querySelector("[data-qty]").value);
    const each = price(prices, packs);
    const amount = Number.isFinite(packs) && each !== undefined ? Number((each * packs).toFixed(digits(currency))) : null;
    cell(row, "unit").textContent = unit;
    cell(row, "base").textContent = Number.isFinite(packs) ? write(packs * Number(pack)) : "\u2013";
    cell(row, "amount").textContent = amount === null ? "\u2013" : money(amount, currency);
    const one = each === undefined ? "" : write(each, Math.max(digits(currency), String(each).split(".")[1]?.length ?? 0));
    cell(row, "price").textContent = one && row.closest("[data-each]").dataset.each.replace("{}", `${currency}\u00a0${one}`);
    cell(row, "day").textContent = day;
    cell(row, "days").textContent = days;
    return amount === null ? null : { amount, currency };
  }
  function total(sums) {
    return [...sums].map(([currency, amount]) => money(amount, currency)).join(", ");
  }
  function say() {
    const all = new Map(), drafts = new Set();
    for (const panel of form.querySelectorAll("[data-group]")) {
      const sums = new Map(), boxes = [...panel.querySelectorAll("[data-pick]")];
      for (const box of boxes) {
        const row = box.closest("tr"), cost = reckon(row), seller = row.querySelector("[data-seller]").value;
        if (!box.checked) continue;
        drafts.add(`${seller}|${row.dataset.row.split("|")[1]}|${terms(row).currency}`);
        if (cost) for (const sum of [sums, all]) sum.set(cost.currency, (sum.get(cost.currency) ?? 0) + cost.amount);
      }
      const chosen = boxes.filter((box) => box.checked).length, every = panel.querySelector("[data-all]");
      every.checked = chosen > 0;
      every.indeterminate = chosen > 0 && chosen < boxes.length;
      panel.querySelector("[data-total]").textContent = total(sums);
    }
    form.querySelector("[data-sum]").textContent = total(all);
    button.disabled = !drafts.size;
    button.textContent = drafts.size ? (drafts.size === 1 ? button.dataset.one : button.dataset.many.replace("{}", drafts.size)) : button.dataset.none;
  }
  form.addEventListener("input", ({ target }) => {
    if (target.matches("[data-all]")) for (const box of target.closest("[data-group]").querySelectorAll("[data-pick]")) box.checked = target.checked;
    // Another supplier sells in other packs: as many of them as are needed.
    if (target.matches("[data-seller]")) target.closest("tr").querySelector("[data-qty]").value = terms(target.closest("tr")).packs;
    say();
  });
  say();
}
