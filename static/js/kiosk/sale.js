// What is sent for a sale or a return, in which order, and what each answer means. Pure: no clock, no disk, no line.
//
// An entry is `{ n, kind, key, verb, body, lines, reference, at, by }` and what became of it. `hold` names the reservation that a
// `commit` is of. `doubt` is a reservation that was asked for when the line broke: nobody knows whether it was made, so it is asked
// for again under its key, which tells, and given back before the goods are written down as sold.
const RETRY_AFTER = new Set([401, 429, 500, 502, 503, 504]);

export function entryOf({ n, till, kind, lines, at, by, hold, doubt, about = {} }) {
  const key = `${till}:${n}`, reference = `${till}-${n}`;
  const entry = { n, kind, key, reference, lines, at, by, state: "waiting", ...about };
  if (kind === "return") return { ...entry, verb: "receive", body: { lines: wire(lines), reference, reason: "return", effective_at: at } };
  if (hold) return { ...entry, hold, verb: "commit", body: { reservation: hold } };
  return { ...entry, doubt, ...late(entry) };
}

export function holdOf({ n, till, lines, seconds }) {
  return { key: `${till}:${n}:hold`, body: { lines: wire(lines), reference: `${till}-${n}`, hold: "soft", expires_in: seconds } };
}

// The next thing to send for an entry.
export function stepOf(entry) {
  if (entry.doubt?.reservation) return { part: "release", verb: "release", key: `${entry.key}:release`, body: { reservation: entry.doubt.reservation } };
  if (entry.doubt) return { part: "reserve", verb: "reserve", key: entry.doubt.key, body: entry.doubt.body };
  return { part: "deed", verb: entry.verb, key: entry.key, body: entry.body };
}

// What an answer makes of the entry: `again` (nothing is known, the same may be sent again), `look` (a reservation that is over
// may have been sold by a person meanwhile), or the entry as it is now, waiting, refused or done.
export function after(entry, step, answer) {
  if (RETRY_AFTER.has(answer.status)) return { again: true };
  const done = answer.op === "done";
  if (step.part === "reserve") return { entry: { ...entry, doubt: done ? { ...entry.doubt, reservation: answer.body.reservation.id } : undefined } };
  if (step.part === "release") return { entry: { ...entry, doubt: undefined } };
  if (done) return { entry: { ...entry, state: "done", seq: answer.body.seq, exceptions: answer.body.exceptions ?? [] } };
  if (entry.verb === "commit" && answer.status === 404) return { entry: afterHold(entry, entry.lines) };
  if (entry.verb === "commit" && [409, 410].includes(answer.status)) return { look: true };
  return { entry: { ...entry, state: "refused", problem: answer.problem } };
}

// The hold is over: what of the sale it did not sell is written down as what it is, goods that have left.
export function afterHold(entry, lines) {
  if (!lines.length) return { ...entry, state: "done", exceptions: [] };
  return { ...entry, key: `${entry.key}:late`, hold: undefined, sent_by: undefined, ...late(entry, lines) };
}

// Lines less what a reservation says was sold of them; quantities are millionths.
export function unsold(lines, reservation, parse) {
  const sold = new Map(reservation.lines.map((line) => [`${line.sku} ${line.warehouse}`, parse(line.committed)]));
  return lines.flatMap((line) => {
    const left = parse(line.qty) - (sold.get(`${line.sku} ${line.warehouse}`) ?? 0n);
    return left > 0n ? [{ ...line, millionths: left }] : [];
  });
}

// A refusal of the business is kept under its key for ever, so trying again needs another; anything else left the key free.
export function tryAgain(entry) {
  const stored = [409, 410].includes(entry.problem?.status);
  const tries = (entry.tries ?? 0) + 1;
  return { ...entry, state: "waiting", problem: undefined, tries, ...(stored ? { key: `${entry.key.replace(/:again-\d+$/, "")}:again-${tries}`, sent_by: undefined } : {}) };
}

// No sale is dated after the moment at which it is sent: a clock that ran ahead is put right as long as nobody has seen the date.
export function dated(entry, now) {
  if (!entry.body.effective_at || Date.parse(entry.at) <= now) return entry;
  const at = new Date(now).toISOString();
  return { ...entry, at, body: { ...entry.body, effective_at: at } };
}

function late({ lines, reference, at, by }, rest = lines) {
  return { verb: "issue", body: { lines: wire(rest), reference, reason: by ? `sold offline by ${by}` : "", effective_at: at, late: true } };
}

function wire(lines) {
  return lines.map(({ sku, warehouse, qty }) => ({ sku, warehouse, qty }));
}
