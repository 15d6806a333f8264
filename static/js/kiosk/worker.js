// Keeps the till's page and files, so that it opens without a connection. What is sold and to whom is none of its business: only the
// page itself and our own hashed files are kept, never an answer about stock or people. The server writes `self.till` above this.
const { company, edition, page, files } = self.till;
const PREFIX = `kiosk:${company}:`;
const PATIENCE_MS = 3000;

self.addEventListener("install", (event) => {
  event.waitUntil(keep().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forget().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && url.pathname === page) event.respondWith(opened(event.request));
  else if (url.pathname.startsWith("/static/")) event.respondWith(file(event.request));
});

async function keep() {
  const cache = await caches.open(PREFIX + edition);
  await cache.addAll(files);
  const answer = await fetch(page, { cache: "no-store", redirect: "manual" });
  if (answer.ok) await cache.put(page, answer);
}

// The files of the edition before stay: a page that is still open may yet ask for one of them.
async function forget() {
  const ours = (await caches.keys()).filter((name) => name.startsWith(PREFIX));
  await Promise.all(ours.slice(0, -2).filter((name) => name !== PREFIX + edition).map((name) => caches.delete(name)));
}

// A fresh page where there is a connection, the kept one where there is none or nobody answers.
async function opened(request) {
  const fresh = fetch(request).then((answer) => remember(answer));
  const late = new Promise((_, fail) => setTimeout(fail, PATIENCE_MS));
  const answer = await Promise.race([fresh, late]).catch(() => null);
  if (answer && answer.status < 500) return answer;
  return (await kept()) ?? answer ?? fresh;
}

// Only a page that belongs to the files of this worker.
async function remember(answer) {
  if (answer.ok && answer.headers.get("X-Kiosk-Edition") === edition) await (await caches.open(PREFIX + edition)).put(page, answer.clone());
  return answer;
}

async function kept() {
  return (await (await caches.open(PREFIX + edition)).match(page)) ?? caches.match(page);
}

async function file(request) {
  return (await caches.match(request)) ?? fetch(request);
}
