// Time passed, counted on while nobody asks the server: "5 s ago", "6 s ago". After two hours the server's words stand.
const MINUTES_S = 120;
const HOURS_S = 7200;

export default function ago(element) {
  const ahead = Number(document.body.dataset.now) / 1000 - (performance.timeOrigin + performance.getEntriesByType("navigation")[0].responseStart);
  const timer = setInterval(() => {
    if (!element.isConnected) { clearInterval(timer); return; }
    const passed = Math.max(0, Math.floor((Date.now() + ahead - Number(element.dataset.since) / 1000) / 1000));
    if (passed >= HOURS_S) return;
    const [words, count] = passed < MINUTES_S ? [element.dataset.seconds, passed] : [element.dataset.minutes, Math.floor(passed / 60)];
    element.textContent = words.replace("{}", count);
  }, 1000);
}
