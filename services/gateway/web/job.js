/** One job, from its first stage to what came of it. */

import { call, pictureOf, right } from "./api.js";
import { compared } from "./compare.js";
import { $, bring, button, el, icon, say } from "./dom.js";
import { askToErase } from "./erase.js";
import { follow, hasEnded } from "./live.js";
import { showRating } from "./rating.js";
import { KINDS, span, stagesOf } from "./words.js";

const TITLES = { completed: "Your result", failed: "That did not work", cancelled: "Cancelled" };
const EMPTY = "Choose a picture, say what you want, and watch it happen here.";
const LOST = "The connection is away; it comes back by itself.";

export class Job {
  #id = null;
  #end = () => {};
  #drawn = null;
  #waiting = 0;
  #title = document.title;

  /**
   * `goOn` takes a job whose result is to be edited, `again` one that is to be asked for otherwise;
   * `told` hears every status, `erased` what is gone.
   */
  constructor({ goOn, again, told, erased }) {
    Object.assign(this, { goOn, again, told, erased });
    this.#empty(EMPTY);
  }

  /** Show the job with this id, or nothing. */
  open(id) {
    if (id === this.#id) return;
    this.#end();
    this.#id = id;
    this.#drawn = null;
    if (!id) return this.#empty(EMPTY);
    this.#empty("");
    bring($("job-title"));
    this.#end = follow(id, {
      told: (job) => this.#tell(job),
      lost: (isLost) => say($("trouble"), isLost && LOST),
      gone: (sentence) => this.#empty(sentence),
    });
  }

  #empty(sentence) {
    document.title = this.#title;
    $("job").dataset.state = sentence ? "empty" : "running";
    $("job-title").textContent = "Your result";
    $("message").textContent = sentence;
    for (const part of ["text", "rating", "facts", "job-kind", "note", "trouble"]) $(part).hidden = true;
    $("picture").replaceChildren(...(sentence ? [el("div", { class: "blank" }, icon("image"))] : []));
    $("actions").replaceChildren();
    $("steps").replaceChildren();
    this.#wait("");
    this.#progress(0);
  }

  #tell(job) {
    this.told(job);
    if (job.processing_stage === "erased") return this.#empty(job.message);
    const state = hasEnded(job) ? job.status : "running";
    $("job").dataset.state = state;
    $("job-title").textContent = TITLES[state] ?? "Working on it";
    say($("job-kind"), KINDS[job.kind].name);
    $("message").textContent = job.message;
    this.#progress(job.progress_percent);
    this.#steps(job);
    this.#countDown(job);
    document.title = hasEnded(job) ? `${TITLES[state]} · ${this.#title}` : `${job.progress_percent} % · ${this.#title}`;
    if (this.#drawn !== state) this.#draw(job, state);
    this.#drawn = state;
    return undefined;
  }

  #progress(percent) {
    $("progress").value = percent;
    $("percent").textContent = percent ? `${percent} %` : "";
  }

  #steps(job) {
    const stages = stagesOf(job.kind);
    const at = stages.findIndex(([stage]) => stage === job.processing_stage);
    const place = (index) => (index < at || job.is_complete ? "done" : index === at ? "now" : "");
    $("steps").replaceChildren(...stages.map(([, word], index) => el("li", { class: place(index) }, word)));
  }

  /** While a stage waits to be tried again, count down; both clocks are the service's. */
  #countDown(job) {
    clearInterval(this.#waiting);
    this.#wait("");
    if (!job.retry_at || hasEnded(job)) return;
    const until = Date.now() + (new Date(job.retry_at) - new Date(job.updated_at));
    const tick = () => {
      const left = (until - Date.now()) / 1000;
      this.#wait(left > 0 ? `Going on in ${span(left)}` : "Going on…");
    };
    tick();
    this.#waiting = setInterval(tick, 1000);
  }

  #wait(sentence) {
    if (!sentence) clearInterval(this.#waiting);
    say($("wait"), sentence);
  }

  #draw(job, state) {
    const isText = job.kind === "description";
    $("picture").replaceChildren(...picturesOf(job));
    say($("text"), isText ? job.description : "");
    say($("note"), job.note);
    $("actions").replaceChildren(...this.#actions(job, state));
    showRating(job);
    showFacts(job);
  }

  *#actions(job, state) {
    if (state === "running") {
      yield button("Cancel", "stop", (event) => this.#cancel(job, event.currentTarget));
      return;
    }
    if (job.result_url) {
      const name = `mizual-${job.job_id.slice(0, 8)}`;
      yield el("a", { class: "button main", href: pictureOf(job), download: name }, icon("down"), "Download");
      yield button("Edit this further", "arrow", () => this.goOn(job));
    }
    if (job.is_error) yield button("Change and try again", "arrow", () => this.again(job));
    if (job.description) yield button("Copy", "copy", (event) => copy(job.description, event.currentTarget));
    yield button("Delete", "trash", () => askToErase(job, this.erased), { class: "button plain" });
  }

  async #cancel(job, pressed) {
    pressed.disabled = true;
    try {
      const asked = { parameters: { job_id: job.job_id }, headers: right(job.job_id) };
      await call("POST /api/jobs/{job_id}/cancel", asked);
    } catch (error) {
      say($("trouble"), error.message);
      pressed.disabled = false;
    }
  }
}

function picturesOf(job) {
  if (job.is_complete && job.result_url) return [compared(job.result_url, job.original_image_url)];
  if (!job.original_image_url) return [];
  const image = el("img", { src: job.original_image_url, alt: "The original", onerror: () => image.remove() });
  return [el("div", { class: "pair" }, el("div", { class: "frame" }, image))];
}

function showFacts(job) {
  const seconds = (new Date(job.updated_at) - new Date(job.created_at)) / 1000;
  const facts = [
    ["Asked for", job.prompt],
    ["Understood as", job.enhanced_prompt],
    ["Style", job.style_id],
    ["Made by", [job.provider, job.model].filter(Boolean).join(", ")],
    ["Took", hasEnded(job) && `${seconds.toLocaleString("en", { maximumFractionDigits: 1 })} s`],
    ["Follows", job.parent_edit_uuid && el("a", { href: `#${job.parent_edit_uuid}` }, "an earlier edit")],
  ].filter(([, told]) => told);
  $("facts").hidden = !hasEnded(job) || !facts.length;
  $("fact-list").replaceChildren(...facts.flatMap(([name, told]) => [el("dt", {}, name), el("dd", {}, told)]));
}

async function copy(text, pressed) {
  const word = pressed.lastChild;
  try {
    await navigator.clipboard.writeText(text);
    word.textContent = "Copied";
  } catch {
    // Not there on plain HTTP: the text is selected for the keyboard's own way of copying.
    getSelection().selectAllChildren($("text"));
    word.textContent = "Selected: copy with the keyboard";
  }
}
