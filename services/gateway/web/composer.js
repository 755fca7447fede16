/** The form: what to do with which picture. */

import { ProblemError, bytesOf, fresh, submit } from "./api.js";
import { $, bring, el, say } from "./dom.js";
import { Picture } from "./picture.js";
import { Styles } from "./styles.js";
import { IDEAS, KINDS, span } from "./words.js";

const MOST_CHARACTERS = 1000;
const COUNT_FROM = 800;
const WORDED = new Set(["edit", "variation"]);

export class Composer {
  #key = "";
  #wish = "";
  #isBusy = false;
  #freeAt = 0;
  #timer = 0;

  /** `ready` is awaited before anything is sent, `accepted` hears the id of each job. */
  constructor({ ready, accepted }) {
    this.ready = ready;
    this.accepted = accepted;
    this.picture = new Picture(() => this.#changed());
    this.styles = new Styles();
    this.styles.load().then(() => this.#dress());
    $("composer").addEventListener("submit", (event) => this.#submit(event));
    $("composer").addEventListener("input", () => this.#changed());
    // Leaving the sentence changes nothing, or the button would move away under the pointer.
    $("composer").addEventListener("change", ({ target }) => target.name === "kind" && this.#dress());
    $("prompt").addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("composer").requestSubmit();
    });
    $("ideas").append(...IDEAS.map((idea) => this.#idea(idea)));
    this.#dress();
  }

  get kind() {
    return $("composer").elements.kind.value;
  }

  /** Take the result of a job as the picture to go on with. */
  goOn(job) {
    $("composer").elements.kind.value = "edit";
    $("prompt").value = "";
    this.picture.useJob(job);
    this.#dress();
    bring($("prompt"));
  }

  /** Say what a job was asked for once more, to be changed. */
  again(job) {
    $("composer").elements.kind.value = job.kind;
    $("prompt").value = job.prompt ?? "";
    this.#dress();
    bring(WORDED.has(job.kind) ? $("prompt") : $("submit"));
  }

  /** A job is no more: its result cannot be gone on with. */
  forget(job) {
    if (this.picture.job?.job_id === job.job_id) this.picture.clear();
  }

  #idea(text) {
    const use = () => {
      $("prompt").value = text;
      this.#changed();
      $("prompt").focus();
    };
    return el("button", { type: "button", onclick: use }, text);
  }

  #dress() {
    const kind = KINDS[this.kind];
    $("kind-hint").textContent = kind.hint;
    $("submit").textContent = kind.submit;
    $("prompt-label").textContent = kind.label ?? "";
    $("sentence").hidden = !WORDED.has(this.kind);
    $("fast-field").hidden = this.kind !== "variation";
    this.styles.show(WORDED.has(this.kind));
    this.#changed();
  }

  /** The same for the same wish, so that asking again makes no second job. */
  #keyOf() {
    const chosen = [this.kind, $("prompt").value, this.styles.chosen?.id, $("fast").checked];
    const wish = JSON.stringify([...chosen, this.picture.number]);
    if (wish !== this.#wish) this.#key = fresh();
    this.#wish = wish;
    return this.#key;
  }

  #changed() {
    const length = characters($("prompt").value);
    $("ideas").hidden = this.kind !== "edit" || length > 0;
    $("count").textContent = length >= COUNT_FROM ? `${length} of ${MOST_CHARACTERS}` : "";
    if (!this.#waits) say($("problem"), "");
  }

  get #waits() {
    return this.#freeAt > Date.now();
  }

  async #submit(event) {
    event.preventDefault();
    if (this.#isBusy || this.#waits) return;
    const [field, missing] = this.#missing() ?? [];
    if (missing) {
      say($("problem"), missing);
      $(field).focus();
      return;
    }
    this.#busy(true);
    say($("problem"), "");
    const key = this.#keyOf();
    try {
      await this.ready;
      this.accepted(await submit(this.kind, await this.#form(), key));
      this.#wish = "";
    } catch (error) {
      this.#refused(error);
    } finally {
      this.#busy(false);
    }
  }

  #missing() {
    const prompt = $("prompt").value.trim();
    const style = this.styles.chosen;
    if (!this.picture.isThere && !(this.kind === "variation" && style?.has_reference))
      return ["file", "Please choose a picture first."];
    if (this.kind === "edit" && !prompt) return ["prompt", "Please say what should change."];
    if (WORDED.has(this.kind) && characters(prompt) > MOST_CHARACTERS)
      return ["prompt", `Please use at most ${MOST_CHARACTERS} characters.`];
    return null;
  }

  async #form() {
    const form = new FormData();
    await this.#addPicture(form);
    if (WORDED.has(this.kind)) {
      if ($("prompt").value.trim()) form.append("prompt", $("prompt").value);
      if (this.styles.chosen) form.append("style_id", this.styles.chosen.id);
    }
    if (this.kind === "variation" && $("fast").checked) form.append("fast", "true");
    return form;
  }

  async #addPicture(form) {
    const { file, job } = this.picture;
    if (this.kind === "description") {
      const data = file ?? (await bytesOf("GET /api/images/{image_id}", { image_id: job.job_id }));
      form.append("file", data, file?.name || "picture");
    } else if (file) form.append("image", file, file.name || "picture");
    else if (this.kind === "edit" && job?.kind === "edit") form.append("parent_edit_uuid", job.job_id);
    else if (job) form.append("image_id", job.job_id);
  }

  #busy(isBusy) {
    this.#isBusy = isBusy;
    $("submit").setAttribute("aria-disabled", isBusy || this.#waits);
    $("submit").textContent = isBusy ? "Sending…" : KINDS[this.kind].submit;
    if (!isBusy && this.#waits) this.#countDown();
  }

  #refused(error) {
    say($("problem"), error.message);
    if (error instanceof ProblemError && error.wait) this.#freeAt = Date.now() + error.wait * 1000;
  }

  #countDown() {
    clearTimeout(this.#timer);
    const left = (this.#freeAt - Date.now()) / 1000;
    $("submit").setAttribute("aria-disabled", left > 0);
    $("submit").textContent = left > 0 ? `Try again in ${span(left)}` : "Try again";
    if (left > 0) this.#timer = setTimeout(() => this.#countDown(), 1000);
  }
}

/** As the service counts: an emoji is one. */
const characters = (text) => Array.from(text.trim()).length;
