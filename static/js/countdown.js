// The time a hold has left, by the second once its end is in view; minutes and more are the server's words.
const IN_VIEW_S = 15 * 60;

export default function countdown(element) {
  const ahead = Number(document.body.dataset.now) / 1000 - (performance.timeOrigin + performance.getEntriesByType("navigation")[0].responseStart);
  const timer = setInterval(() => {
    if (!element.isConnected) { clearInterval(timer); return; }
    const left = Math.max(0, Math.floor((Number(element.dataset.until) / 1000 - Date.now() - ahead) / 1000));
    if (left < IN_VIEW_S) element.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  }, 1000);
}
