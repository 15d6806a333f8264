// The till: puts its parts together. Selling is in selling.js, paying in paying.js; here is who it is, what it keeps, and the line.
import { Camera } from "./camera.js";
import { Catalogue } from "./catalogue.js";
import { showTruth, truth } from "./header.js";
import { Line } from "./line.js";
import { Queue } from "./queue.js";
import { exceeded, showSales } from "./sales.js";
import { Selling } from "./selling.js";
import { Settings } from "./settings.js";
import { readCatalogue, readLevels } from "./snapshot.js";
import { openStore } from "./store.js";
import { learn, say } from "./words.js";

const LOOK_MS = 1000;
const KEEP_HEARD_MS = 10_000;
const CATALOGUE_MS = 10 * 60_000;

export default async function kiosk(root) {
  const els = Object.fromEntries([...document.querySelectorAll("[data-el]")].map((element) => [element.dataset.el, element]));
  learn(root.dataset.words);
  // Without these two a sale could be lost or sent twice, so there is no till.
  if (!isSecureContext || !navigator.locks) { els.insecure.hidden = false; return; }
  const { company } = root.dataset;
  const till = new Till(els, root, await openStore(company));
  await till.open();
  await navigator.serviceWorker?.register(root.dataset.worker, { scope: location.pathname }).catch((problem) => console.warn("Not installed:", problem));
}

class Till {
  constructor(els, root, store) {
    Object.assign(this, { els, store, company: root.dataset.company, minor: Number(root.dataset.minor), person: null, heardAt: 0, lostAt: Date.now() });
    this.catalogue = new Catalogue(store);
    this.line = new Line({ company: this.company, device: store.till, prepare: (session) => this.prepare(session) });
    this.queue = new Queue({ store, line: this.line, company: this.company });
    this.settings = new Settings(els, store);
    this.selling = new Selling(this);
  }

  // Everything that is known without a connection, then the line.
  async open() {
    this.person = (await this.store.get("person")) ?? null;
    this.heardAt = (await this.store.get("heardAt")) ?? 0;
    this.line.ahead = (await this.store.get("ahead")) ?? 0;
    await Promise.all([this.settings.read(), this.catalogue.read(), this.catalogue.readLevels(), this.queue.read()]);
    await this.selling.read();
    this.listen();
    this.show();
    this.line.start();
    setInterval(() => this.look(), LOOK_MS);
    setInterval(() => this.freshen(), CATALOGUE_MS);
  }

  listen() {
    const { line, queue, els } = this;
    line.addEventListener("state", () => { if (!line.isOpen && this.wasOpen) this.lostAt = Date.now(); this.wasOpen = line.isOpen; this.show(); });
    line.addEventListener("event", ({ detail }) => this.hear(detail));
    line.addEventListener("resync", () => this.levels().then(() => this.show()).catch(() => line.again()));
    queue.addEventListener("change", () => { this.show(); if (this.sales.open) this.showSales(); });
    queue.addEventListener("answer", ({ detail: { entry } }) => { if (entry.exceptions?.length) this.toast(say("oversold", exceeded(entry, this.catalogue))); });
    for (const name of ["open-sales", "queued", "open-attention"]) els[name].addEventListener("click", () => { this.showSales(); this.sales.showModal(); });
    els["open-settings"].addEventListener("click", () => this.settings.ask());
    this.settings.changed = () => { this.show(); this.line.again(); };
    this.camera = new Camera(els.video, (code) => this.selling.take(code));
    els.camera.addEventListener("click", () => this.watch(els.viewer.hidden));
  }

  get sales() { return document.getElementById("till-sales"); }
  get warehouse() { return this.settings.warehouse; }
  may(permission) { return this.person?.permissions.includes(permission) ?? false; }

  // Before the feed is followed: who it is, where, and what there is to sell.
  async prepare(session) {
    await this.meet(session);
    await this.settings.known(session.warehouses);
    await this.freshen();
    const heard = await this.store.get("heard");
    const after = heard?.warehouse === this.warehouse ? heard.seq : await this.levels();
    return { after, warehouses: [this.warehouse] };
  }

  // Keys belong to people and so do sales: who takes over the till is told whose sales wait there.
  async meet({ principal, name, role, permissions }) {
    this.person = { principal, name, role, permissions };
    await this.store.set("person", this.person);
    await this.store.set("ahead", this.line.ahead);
    const others = [...new Set(this.queue.waiting.map((entry) => entry.by).filter((by) => by && by !== name))];
    this.els["in-your-name"].hidden = !others.length;
    if (others.length) this.els["in-your-name-words"].textContent = say("in_your_name", others.join(", "), name);
    this.show();
  }

  async freshen() {
    if (this.line.session && (await readCatalogue(this.company, this.store).catch((problem) => { if (!this.catalogue.items.size) throw problem; return false; }))) {
      await this.catalogue.read();
      this.show();
    }
  }

  async levels() {
    const seq = await readLevels(this.company, this.warehouse, this.store);
    await this.catalogue.readLevels();
    return seq;
  }

  hear({ data, seq }) {
    const sku = this.catalogue.hear(this.warehouse, data, seq);
    if (!sku) return;
    if (!this.catalogue.items.has(sku)) { clearTimeout(this.missing); this.missing = setTimeout(() => this.freshen(), LOOK_MS); }
    this.selling.changed(sku);
  }

  // Since when the stock shown is old: kept now and then, and when the line breaks, so that a reload does not forget it.
  heard() {
    this.heardAt = Math.max(this.heardAt, this.line.heardAt);
    if (this.heardAt - (this.keptAt ?? 0) < (this.line.isOpen ? KEEP_HEARD_MS : 1)) return;
    this.keptAt = this.heardAt;
    this.store.set("heardAt", this.heardAt);
  }

  look() {
    this.heard();
    this.showTop();
  }

  show() {
    this.heard();
    this.els.name.textContent = this.settings.name || say("till");
    this.els.place.textContent = this.settings.place;
    this.els.person.textContent = this.person ? ` · ${this.person.name}` : "";
    this.showTop();
    this.selling.show();
  }

  showTop() {
    showTruth(this.els, truth({ ...this, now: Date.now() }), this);
    if (!this.queue.waiting.length) this.els["in-your-name"].hidden = true;
  }

  showSales() {
    return showSales({ ...this, list: this.els.sales, template: this.els["sale-template"] });
  }

  async watch(open) {
    const { camera, viewer } = this.els;
    viewer.hidden = !open;
    camera.setAttribute("aria-pressed", String(open));
    if (!open) return this.camera.close();
    try {
      await this.camera.open();
    } catch {
      this.watch(false);
      this.selling.complain(say("no_camera"));
    }
  }

  toast(text) {
    const line = this.els["toast-template"].content.firstElementChild.cloneNode(true);
    line.querySelector("span").textContent = text;
    this.els.toasts.append(line);
  }
}
