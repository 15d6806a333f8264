// Codes by camera: the browser's own reader where it has one, else a library that is loaded when the camera is first opened.
const PAUSE_MS = 150;
const AGAIN_MS = 1500;
const FORMATS = ["ean_13", "ean_8", "upc_a", "upc_e", "code_128", "code_39", "itf", "qr_code"];

export class Camera {
  constructor(video, take) {
    this.video = video;
    this.take = take;
    this.last = { code: "", at: 0 };
  }

  // Rejects when there is no camera or it may not be used.
  async open() {
    this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false });
    this.video.srcObject = this.stream;
    await this.video.play();
    const read = await reader();
    this.timer = setInterval(async () => {
      if (this.reading || this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
      this.reading = true;
      const code = await read(this.video).catch(() => null);
      this.reading = false;
      if (code) this.found(code);
    }, PAUSE_MS);
  }

  // The same code stays in view longer than it takes to read it: it counts again after it was away.
  found(code) {
    const now = performance.now();
    const seen = code === this.last.code && now - this.last.at < AGAIN_MS;
    this.last = { code, at: now };
    if (!seen) { navigator.vibrate?.(60); this.take(code); }
  }

  close() {
    clearInterval(this.timer);
    this.stream?.getTracks().forEach((track) => track.stop());
    this.video.srcObject = null;
  }
}

async function reader() {
  const known = globalThis.BarcodeDetector ? await BarcodeDetector.getSupportedFormats() : [];
  const formats = FORMATS.filter((format) => known.includes(format));
  if (formats.includes("ean_13")) {
    const detector = new BarcodeDetector({ formats });
    return async (video) => (await detector.detect(video))[0]?.rawValue ?? null;
  }
  const { BrowserMultiFormatReader } = (await import("../vendor/zxing.js")).default;
  const library = new BrowserMultiFormatReader();
  const canvas = document.createElement("canvas");
  return async (video) => {
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d", { willReadFrequently: true }).drawImage(video, 0, 0);
    return library.decodeFromCanvas(canvas).getText();
  };
}
