// Which till this is: a name for people, and the warehouse it sells from. Asked when it is first opened; the only warehouse asks nobody.
export class Settings {
  constructor(els, store) {
    Object.assign(this, { els, store, name: "", warehouse: null, warehouses: [], changed: () => {} });
    this.dialog = document.getElementById("till-settings");
    els.settings.addEventListener("submit", () => this.save());
    // A till that sells from nowhere cannot sell: the question stays until it is answered.
    this.dialog.addEventListener("close", () => { if (this.chosen && this.dialog.returnValue !== "saved") this.ask(); });
    els["till-id"].textContent = store.till;
  }

  get place() { return this.warehouses.find(({ code }) => code === this.warehouse)?.name ?? ""; }

  async read() {
    Object.assign(this, await this.store.get("settings"));
    this.warehouses = (await this.store.get("warehouses")) ?? [];
  }

  // Resolves when it is known which warehouse this till sells from.
  async known(warehouses) {
    this.warehouses = warehouses;
    await this.store.set("warehouses", warehouses);
    if (warehouses.some(({ code }) => code === this.warehouse)) return;
    if (warehouses.length === 1) { this.warehouse = warehouses[0].code; await this.keep(); return; }
    if (!this.dialog.open) this.ask();
    await new Promise((chosen) => { this.chosen = chosen; });
  }

  ask() {
    const { name, warehouse } = this.els.settings.elements;
    name.value = this.name || document.querySelector("[data-el='name']").textContent;
    warehouse.replaceChildren(...this.warehouses.map((each) => new Option(each.name, each.code, false, each.code === this.warehouse)));
    this.dialog.returnValue = "";
    this.dialog.showModal();
  }

  async save() {
    const { name, warehouse } = this.els.settings.elements;
    const moved = warehouse.value !== this.warehouse;
    this.name = name.value.trim();
    this.warehouse = warehouse.value || this.warehouse;
    await this.keep();
    if (this.chosen) { this.chosen(); this.chosen = null; this.els.code.focus(); } else this.changed(moved);
  }

  keep() { return this.store.set("settings", { name: this.name, warehouse: this.warehouse }); }
}
