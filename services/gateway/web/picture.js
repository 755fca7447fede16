/** The picture to work on: a file that was chosen, dropped or pasted, or an earlier result. */

import { pictureOf } from "./api.js";
import { $, say } from "./dom.js";
import { KINDS, bytes } from "./words.js";

const NAMES = { jpeg: "JPEG", png: "PNG", webp: "WebP", bmp: "BMP", "x-ms-bmp": "BMP", tiff: "TIFF", gif: "GIF", heic: "HEIC", avif: "AVIF", "svg+xml": "SVG" };

export class Picture {
  /** The file, if it is one. */
  file = null;
  /** The job whose result it is, if it is one. */
  job = null;
  /** Another one for every picture that is chosen. */
  number = 0;
  #shown = null;
  #about = [];

  constructor(changed) {
    this.changed = changed;
    $("file").addEventListener("change", (event) => this.#take(event.target.files));
    $("drop-picture").addEventListener("click", () => {
      this.clear();
      $("file").focus();
    });
    $("preview").addEventListener("load", () => this.#measure());
    $("preview").addEventListener("error", () => ($("preview").hidden = true));
    addEventListener("paste", (event) => this.#take(event.clipboardData.files, event));
    this.#makeDroppable();
  }

  get isThere() {
    return Boolean(this.file || this.job);
  }

  /** Work on a file. */
  useFile(file) {
    this.#set({ file });
    const type = file.type.split("/")[1];
    this.#about = [NAMES[type] ?? type?.toUpperCase() ?? "unknown type", bytes(file.size)];
    this.#show(URL.createObjectURL(file), file.name || "Pasted picture");
  }

  /** Go on with what a job ended with. */
  useJob(job) {
    this.#set({ job });
    this.#about = [`result of your ${KINDS[job.kind].name.toLowerCase()}`];
    this.#show(pictureOf(job), job.prompt ?? KINDS[job.kind].name);
  }

  /** Work on nothing. */
  clear() {
    this.#set({});
    $("chosen").hidden = true;
    $("drop-empty").hidden = false;
  }

  #take(files, event) {
    const file = Array.from(files).find((one) => one.type.startsWith("image/")) ?? files[0];
    if (!file) return;
    event?.preventDefault();
    this.useFile(file);
  }

  #set({ file = null, job = null }) {
    Object.assign(this, { file, job, number: this.number + 1 });
    if (this.#shown?.startsWith("blob:")) URL.revokeObjectURL(this.#shown);
    this.#shown = null;
    $("file").value = "";
    this.changed();
  }

  #show(url, name) {
    this.#shown = url;
    $("preview").hidden = false;
    $("preview").src = url;
    $("chosen-name").textContent = name;
    say($("chosen-about"), this.#about.join(" · "));
    $("chosen").hidden = false;
    $("drop-empty").hidden = true;
  }

  #measure() {
    const { naturalWidth: width, naturalHeight: height } = $("preview");
    if (width) say($("chosen-about"), [...this.#about, `${width}\u00a0×\u00a0${height}`].join(" · "));
  }

  #makeDroppable() {
    let depth = 0; // enter and leave come for every element that is crossed
    const light = (by) => {
      depth = Math.max(0, depth + by);
      document.body.classList.toggle("dropping", depth > 0);
    };
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragenter", (event) => hasFiles(event) && light(1));
    addEventListener("dragleave", (event) => hasFiles(event) && light(-1));
    addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      light(-depth);
      this.#take(event.dataTransfer.files);
    });
  }
}
