// The camera of a phone as a scanner for every page. It is on only while its dialog is open.
import { Camera } from "./kiosk/camera.js";

export default function camera(body) {
  const box = body.closest("dialog");
  const video = body.querySelector("video");
  const form = body.querySelector("form");
  const say = body.querySelector("[data-say]");
  const reader = new Camera(video, (code) => { box.close(); document.dispatchEvent(new CustomEvent("scanned", { detail: code })); });

  async function begin() {
    if (!matchMedia("(pointer: coarse)").matches) return;
    try {
      video.hidden = false;
      await reader.open();
    } catch {
      video.hidden = true;
      say.textContent = body.dataset.noCamera;
    }
  }
  new MutationObserver(() => { if (box.open) begin(); else reader.close(); }).observe(box, { attributeFilter: ["open"] });
}
