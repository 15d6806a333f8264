// Reads what the till keeps from the server: the catalogue when it has changed, and the levels of a warehouse.
import { Gone, NotSignedIn } from "./line.js";

const LEVELS_PAGE = 500;

// True when there was something new.
export async function readCatalogue(company, store) {
  const known = await store.get("edition");
  const items = [];
  let cursor = null, edition = null;
  do {
    const answer = await asked(`/v1/${company}/kiosk/catalogue${cursor ? `?cursor=${cursor}` : ""}`, known && !cursor ? { "If-None-Match": known } : {});
    if (answer.status === 304) return false;
    edition ??= answer.headers.get("ETag");
    const page = await answer.json();
    items.push(...page.items);
    cursor = page.next;
  } while (cursor);
  await store.keepCatalogue(items, edition);
  return true;
}

// The sequence from which the feed goes on. Pages are read one after the other, so it is the first page's; a level that is newer
// than an event about it wins, because each carries its sequence.
export async function readLevels(company, warehouse, store) {
  const levels = [];
  let cursor = null, seq = null;
  do {
    const query = new URLSearchParams({ warehouse, limit: LEVELS_PAGE, ...(cursor && { cursor }) });
    const page = await (await asked(`/v1/${company}/stock/levels?${query}`, {})).json();
    seq ??= page.as_of_seq;
    levels.push(...page.items.map(levelOf));
    cursor = page.next;
  } while (cursor);
  await store.keepLevels(warehouse, levels, seq);
  return seq;
}

export function levelOf({ sku, available, on_hand, seq }) {
  return { sku, available, on_hand, seq };
}

async function asked(url, headers) {
  const answer = await fetch(url, { headers, cache: "no-store", signal: AbortSignal.timeout(30000) });
  if ([401, 403, 404].includes(answer.status)) throw new NotSignedIn();
  if (!answer.ok && answer.status !== 304) throw new Gone();
  return answer;
}
