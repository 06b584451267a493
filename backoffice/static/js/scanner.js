/* Backoffice.scan(onCode, options): reads labels with the camera, from a hand scanner, and as typed.

   The page includes "property/_scanner.html", which carries its looks and its texts, and this file.

   onCode(code, text, how)
     code: the ten characters that a label of this system carries, or "" for anything else; what is typed
           may look like a code and yet be a number
     text: what was read or typed, as it is
     how:  "camera", "hand" (a hand scanner) or "typed"
     Returns, or promises, nothing; {text, kind} to be shown on the picture (kind: success, warning, danger);
     or false to stop. A label is reported once as long as it stays in sight.
   options.place  the element to draw in; without it a dialog opens over the page
   options.once   stop after the first label of this system
   options.words  pass on what is typed and no label (a number, say); else it is refused with a word
   options.onStop called when scanning ends, whoever ended it
   Returns {stop()}.

   Backoffice.scan.code(text) returns the code in the address or the characters of a label, or "". */
(function () {
  "use strict";

  const Backoffice = window.Backoffice;
  const LOOK_EVERY_MS = 140;
  const LOST_AFTER_MS = 2500; // a label out of sight for so long counts anew
  const WIDEST = 960; // more pixels than this make it slower, not surer
  const HAND_SCANNER_MS = 400; // between two characters; what is typed beside all inputs is no text of a person
  const SHORTEST_READ = 6;
  const LABEL = /^(?:https?:\/\/[^/\s]+\/p\/)?([0-9a-hjkmnp-tv-z]{10})\/?$/i;

  /* O, I and L are not used: they are read as the digits they look like. */
  const codeOf = (text) => {
    const plain = String(text).normalize("NFKC").trim();
    const address = LABEL.exec(plain);
    if (address) return address[1].toUpperCase();
    const typed = plain.replace(/[\s-]/g, "").replace(/o/gi, "0").replace(/[il]/gi, "1");
    return /^[0-9a-hjkmnp-tv-z]{10}$/i.test(typed) ? typed.toUpperCase() : "";
  };

  /* -- reading a picture ------------------------------------------------------------------------------ */

  const nativeReader = async () => {
    if (!window.BarcodeDetector) return null;
    const formats = await window.BarcodeDetector.getSupportedFormats().catch(() => []);
    if (!formats.includes("qr_code")) return null;
    const detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    return async (video) => (await detector.detect(video))[0]?.rawValue || "";
  };

  const ownReader = async (address) => {
    const { decodeQR } = await import(address);
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    return async (video) => {
      const shrink = Math.min(1, WIDEST / video.videoWidth);
      canvas.width = Math.round(video.videoWidth * shrink);
      canvas.height = Math.round(video.videoHeight * shrink);
      pen.drawImage(video, 0, 0, canvas.width, canvas.height);
      try {
        return decodeQR(pen.getImageData(0, 0, canvas.width, canvas.height));
      } catch {
        return ""; // nothing to read in this picture
      }
    };
  };

  /* -- the camera ------------------------------------------------------------------------------------- */

  const REFUSALS = {
    NotAllowedError: "denied",
    SecurityError: "denied",
    NotFoundError: "none",
    OverconstrainedError: "none",
    NotReadableError: "busy",
    AbortError: "busy",
  };

  const openCamera = async () => {
    if (!window.isSecureContext) throw new Error("insecure");
    if (!navigator.mediaDevices?.getUserMedia) throw new Error("none");
    try {
      return await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
      });
    } catch (error) {
      throw new Error(REFUSALS[error.name] || "broken");
    }
  };

  class Scanner {
    constructor(onCode, options) {
      this.onCode = onCode;
      this.options = options;
      this.last = { text: "", at: 0 };
      this.keys = "";
      this.keyAt = -Infinity;
      this.frame = document.getElementById("scanner-frame").content.firstElementChild.cloneNode(true);
      this.part = (name) => this.frame.querySelector(`[data-scanner-${name}]`);
      this.texts = this.frame.dataset;
      this.video = this.part("video");
      this.draw();
      this.listen();
      this.begin();
    }

    /* -- looks ---------------------------------------------------------------------------------------- */

    draw() {
      if (this.options.place) {
        this.options.place.replaceChildren(this.frame);
        return;
      }
      this.dialog = document.getElementById("scanner-dialog");
      this.dialog.querySelector("[data-scanner-place]").replaceChildren(this.frame);
      this.dialog.showModal();
    }

    tell(text, kind = "info") {
      const note = this.part("note");
      note.textContent = text;
      note.dataset.kind = kind;
      note.hidden = !text;
    }

    /* -- life ------------------------------------------------------------------------------------------ */

    listen() {
      const ended = new AbortController();
      const signal = ended.signal;
      this.ended = ended;
      document.addEventListener("visibilitychange", () => (document.hidden ? this.rest() : this.begin()), { signal });
      document.addEventListener("keydown", (event) => this.hand(event), { signal, capture: true });
      this.part("form").addEventListener("submit", (event) => this.typed(event), { signal });
      this.part("torch").addEventListener("click", () => this.light(), { signal });
      this.part("again").addEventListener("click", () => this.begin(), { signal });
      this.dialog?.addEventListener("close", () => this.stop(), { signal });
      window.addEventListener("pagehide", () => this.rest(), { signal });
    }

    async begin() {
      if (this.stream || this.opening || this.ended.signal.aborted) return;
      this.opening = true;
      this.frame.dataset.state = "opening";
      this.part("again").hidden = true;
      this.tell("");
      try {
        this.read = this.read || (await nativeReader()) || (await ownReader(this.texts.reader));
        const stream = await openCamera();
        if (this.ended.signal.aborted || document.hidden) {
          stream.getTracks().forEach((track) => track.stop());
          return;
        }
        this.stream = stream;
        this.video.srcObject = stream;
        await this.video.play();
        this.frame.dataset.state = "looking";
        this.offerLight();
        this.look();
      } catch (error) {
        this.rest();
        this.frame.dataset.state = "blind";
        this.part("again").hidden = error.message === "insecure";
        this.tell(this.texts[error.message] || this.texts.broken, "warning");
      } finally {
        this.opening = false;
      }
    }

    rest() {
      clearTimeout(this.timer);
      this.stream?.getTracks().forEach((track) => track.stop());
      this.stream = null;
      this.video.srcObject = null;
    }

    stop() {
      if (this.ended.signal.aborted) return;
      this.ended.abort();
      this.rest();
      if (this.dialog?.open) this.dialog.close();
      this.frame.remove();
      this.options.onStop?.();
    }

    /* -- light ------------------------------------------------------------------------------------------ */

    offerLight() {
      const [track] = this.stream.getVideoTracks();
      this.part("torch").hidden = !track.getCapabilities?.().torch;
      this.part("torch").setAttribute("aria-pressed", "false");
    }

    async light() {
      const button = this.part("torch");
      const on = button.getAttribute("aria-pressed") !== "true";
      const [track] = this.stream?.getVideoTracks() || [];
      await track?.applyConstraints({ advanced: [{ torch: on }] }).catch(() => {});
      button.setAttribute("aria-pressed", String(on));
    }

    /* -- what is read ------------------------------------------------------------------------------------ */

    look() {
      clearTimeout(this.timer);
      this.timer = setTimeout(async () => {
        if (!this.stream) return;
        const text = this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA ? await this.read(this.video).catch(() => "") : "";
        if (text && this.stream) await this.seen(text);
        if (this.stream) this.look();
      }, LOOK_EVERY_MS);
    }

    async seen(text) {
      const now = performance.now();
      const same = text === this.last.text && now - this.last.at < LOST_AFTER_MS;
      this.last = { text, at: now };
      if (same) return;
      await this.report(text, "camera");
      this.last.at = performance.now(); // however long the answer took
    }

    async report(text, how) {
      const code = codeOf(text);
      if (!code && !(how !== "camera" && this.options.words)) {
        this.tell(how === "typed" ? this.texts.mistyped : this.texts.foreign, "warning");
        return;
      }
      navigator.vibrate?.(60);
      this.frame.dataset.hit = "1";
      setTimeout(() => delete this.frame.dataset.hit, 400);
      const answer = await this.onCode(code, text, how);
      if (answer === false || (this.options.once && code)) this.stop();
      else if (answer?.text) this.tell(answer.text, answer.kind);
      else this.tell("");
    }

    typed(event) {
      event.preventDefault();
      const input = this.part("input");
      const text = input.value.trim();
      if (!text) return;
      input.value = "";
      this.report(text, "typed");
    }

    /* A hand scanner is a very fast keyboard that ends with Enter. */
    hand(event) {
      if (event.target.closest?.("input, textarea, select, [contenteditable]") || event.ctrlKey || event.metaKey) return;
      const at = performance.now();
      if (at - this.keyAt > HAND_SCANNER_MS) this.keys = "";
      this.keyAt = at;
      if (event.key === "Enter" && this.keys.length >= SHORTEST_READ) {
        this.swallow(event);
        this.report(this.keys, "hand");
        this.keys = "";
      } else if (event.key.length === 1) {
        this.keys += event.key;
        if (this.keys.length > 1) this.swallow(event);
      }
    }

    /* What a scanner types is no shortcut of the page and presses no button. */
    swallow(event) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }

  Backoffice.scan = function (onCode, options = {}) {
    const scanner = new Scanner(onCode, options);
    return { stop: () => scanner.stop() };
  };
  Backoffice.scan.code = codeOf;
})();
