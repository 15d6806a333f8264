// The line to the server, and the truth about it. It is "open" only while the other side answers: a ping goes out whenever nothing was
// heard for a while, and one that stays unanswered closes the line. Events: "state", "session", "event" (a frame of the feed), "resync".
const LOOK_MS = 1000;
const QUIET_MS = 5000;
const PONG_MS = 4000;
const OPEN_MS = 5000;
const ANSWER_MS = 20000;
const BACK_OFF_MS = [500, 15000];
const SIGNED_OUT_MS = 15000;

export class Line extends EventTarget {
  // `prepare(session)` is asked before the feed is followed and answers what to follow it from: { after, warehouses }.
  constructor({ company, device, prepare }) {
    super();
    this.at = `/v1/${company}`;
    this.device = device;
    this.prepare = prepare;
    this.state = "off";
    this.why = "";
    this.session = null;
    this.ahead = 0;
    this.seq = 0;
    this.heardAt = 0;
    this.failed = 0;
    this.asked = new Map();
    this.number = 0;
  }

  get isOpen() { return this.state === "open"; }
  // The server's clock as far as we know it.
  now() { return Date.now() + this.ahead; }

  start() {
    addEventListener("online", () => this.again());
    addEventListener("offline", () => this.lose("offline"));
    document.addEventListener("visibilitychange", () => { if (!document.hidden && !this.isOpen) this.again(); });
    setInterval(() => this.look(), LOOK_MS);
    this.connect();
  }

  // At once, whatever the next time was to be.
  again() {
    this.failed = 0;
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.close();
    this.connect();
  }

  async connect() {
    clearTimeout(this.timer);
    const mine = (this.attempt = (this.attempt ?? 0) + 1);
    if (!navigator.onLine) return this.lose("offline");
    if (this.state !== "signed-out") this.say("connecting");
    try {
      const begun = Date.now();
      const session = await this.get("/kiosk/session");
      this.ahead = Date.parse(session.now) - (begun + Date.now()) / 2;
      this.session = session;
      this.tell("session", session);
      const from = await this.prepare(session);
      const { ticket } = await this.fetch("/live/ticket", { method: "POST", headers: { "X-CSRF-Token": session.csrf } });
      if (mine === this.attempt) this.open(`${location.origin.replace(/^http/, "ws")}${this.at}/live?ticket=${encodeURIComponent(ticket)}`, from);
    } catch (problem) {
      if (mine === this.attempt) this.lose(problem instanceof NotSignedIn ? "signed-out" : "unreachable");
    }
  }

  open(url, from) {
    const socket = (this.socket = new WebSocket(url));
    const mine = () => socket === this.socket;
    this.openedAt = performance.now();
    this.pingAt = null;
    socket.onopen = () => this.send({ op: "hello", device: this.device, ...from });
    socket.onmessage = ({ data }) => { if (mine()) this.hear(JSON.parse(data)); };
    socket.onclose = () => { if (mine()) this.lose("unreachable"); };
  }

  hear(frame) {
    this.heardAt = Date.now();
    this.quietAt = performance.now();
    this.pingAt = null;
    if (frame.op === "hello") { this.failed = 0; this.seq = frame.as_of_seq; this.say("open"); }
    else if (frame.op === "event") { this.seq = Math.max(this.seq, frame.seq); this.tell("event", frame); }
    else if (frame.op === "resync") { this.seq = frame.as_of_seq; this.tell("resync", frame); }
    else if (frame.op === "done" || frame.op === "refused") this.answered(frame);
  }

  // One command. Rejects with Gone when the line breaks before the answer: then nobody knows, and the same key may be sent again.
  ask(verb, key, body) {
    if (!this.isOpen) return Promise.reject(new Gone());
    const id = `c${++this.number}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.lose("unreachable"), ANSWER_MS);
      this.asked.set(id, { resolve, reject, timer });
      this.send({ op: "do", id, verb, key, body });
    });
  }

  answered(frame) {
    const waiting = this.asked.get(frame.id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.asked.delete(frame.id);
    if (frame.status === 401) this.lose("signed-out");
    waiting.resolve(frame);
  }

  look() {
    const now = performance.now();
    if (this.socket && !this.isOpen && this.state === "connecting" && now - this.openedAt > OPEN_MS) this.lose("unreachable");
    if (!this.isOpen) return;
    if (this.pingAt !== null && now - this.pingAt > PONG_MS) this.lose("unreachable");
    else if (this.pingAt === null && now - this.quietAt > QUIET_MS) { this.pingAt = now; this.send({ op: "ping" }); }
  }

  lose(why) {
    const { socket } = this;
    this.socket = null;
    this.attempt = (this.attempt ?? 0) + 1;
    socket?.close();
    for (const { reject, timer } of this.asked.values()) { clearTimeout(timer); reject(new Gone()); }
    this.asked.clear();
    this.say(why === "signed-out" ? "signed-out" : "off", why);
    clearTimeout(this.timer);
    if (why === "offline") return;
    const most = Math.min(BACK_OFF_MS[1], BACK_OFF_MS[0] * 2 ** this.failed++);
    // Drawn from the whole span, so that the tills of a town do not all come back in the same moment.
    this.timer = setTimeout(() => this.connect(), why === "signed-out" ? SIGNED_OUT_MS : most * Math.random());
  }

  get(path) { return this.fetch(path, {}); }

  async fetch(path, options) {
    const answer = await fetch(this.at + path, { ...options, signal: AbortSignal.timeout(OPEN_MS), cache: "no-store" });
    if ([401, 403, 404].includes(answer.status)) throw new NotSignedIn();
    if (!answer.ok) throw new Gone();
    return answer.json();
  }

  send(frame) { if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame)); }

  say(state, why = "") {
    if (state === this.state && why === this.why) return;
    // A look in between is no news: the till stays offline until the line is there.
    this.state = state;
    this.why = why;
    if (state === "open") this.quietAt = performance.now();
    this.tell("state", state);
  }

  tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}

export class Gone extends Error {}
export class NotSignedIn extends Error {}
