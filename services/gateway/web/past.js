/** What this visitor has made, newest first, kept up to date. */

import { call, isOurs, pictureOf } from "./api.js";
import { $, el, icon } from "./dom.js";
import { hasEnded } from "./live.js";
import { KINDS, ago } from "./words.js";

const PAGE = 18;
const MOST_EMPTY_PAGES = 10;
const MINUTE = 60_000;

export class Past {
  #jobs = new Map();
  #cards = new Map();
  #next = null;
  #isLoading = false;
  #loads = 0;
  #open = null;

  constructor() {
    $("filter").addEventListener("change", () => this.load());
    $("more").addEventListener("click", () => this.#more());
    setInterval(() => document.querySelectorAll("#past time").forEach(tellTime), MINUTE);
  }

  /** The first page, anew. */
  async load() {
    this.#jobs.clear();
    this.#next = null;
    this.#loads += 1;
    await this.#more();
  }

  /** Take in a status; one that is older than what is known changes nothing. */
  put(job) {
    this.#take(job);
    this.#draw();
  }

  /** The same of a job that is looked at, which somebody else may have made. */
  renew(job) {
    if (this.#jobs.has(job.job_id) || isOurs(job.job_id)) this.put(job);
  }

  /** Forget a job that was deleted. */
  drop(job) {
    this.#jobs.delete(job.job_id);
    this.#draw();
  }

  /** Mark the job that is shown. */
  mark(id) {
    this.#open = id;
    this.#cards.forEach(({ link }, job) => markAs(link, job === id));
  }

  #take(job) {
    const known = this.#jobs.get(job.job_id);
    if (known && known.updated_at > job.updated_at) return;
    if (job.processing_stage === "erased") this.#jobs.delete(job.job_id);
    else if (this.#isWanted(job)) this.#jobs.set(job.job_id, job);
  }

  #isWanted(job) {
    return !$("filter").value || $("filter").value === job.kind;
  }

  async #more() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const loads = this.#loads;
    try {
      await this.#read();
      this.#draw();
    } catch (error) {
      $("past-note").textContent = error.message;
      $("more").hidden = false;
    } finally {
      this.#isLoading = false;
    }
    if (loads !== this.#loads) await this.load(); // asked for anew while a later page was read
  }

  /** The next page that has anything on it: one may be empty and still have a next. */
  async #read() {
    const kind = $("filter").value;
    for (let pages = 0; pages < MOST_EMPTY_PAGES; pages += 1) {
      const query = { cursor: this.#next, limit: PAGE, kind };
      const page = await call("GET /api/history", { query });
      page.items.forEach((job) => this.#take(job));
      this.#next = page.next_cursor;
      if (page.items.length || !this.#next) return;
    }
  }

  #draw() {
    const jobs = [...this.#jobs.values()].sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
    $("past").replaceChildren(...jobs.map((job) => this.#card(job)));
    $("past-note").textContent = jobs.length ? "" : "Nothing yet. What you make is listed here.";
    $("more").hidden = !this.#next;
    for (const id of this.#cards.keys()) if (!this.#jobs.has(id)) this.#cards.delete(id);
  }

  /** Its card, made anew only when something is different, so that the keyboard stays where it is. */
  #card(job) {
    const known = this.#cards.get(job.job_id);
    if (known?.at === job.updated_at) return known.item;
    const link = el("a", { href: `#${job.job_id}`, class: job.status }, thumb(job), caption(job));
    markAs(link, job.job_id === this.#open);
    const item = el("li", {}, link);
    const hadFocus = known?.item.contains(document.activeElement);
    this.#cards.set(job.job_id, { at: job.updated_at, item, link });
    if (hadFocus) queueMicrotask(() => link.focus());
    return item;
  }
}

function markAs(link, isOpen) {
  if (isOpen) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
}

function thumb(job) {
  const query = job.result_url ? { size: "thumb" } : { size: "thumb", role: "original" };
  const isThere = job.result_url || job.original_image_url;
  const drawing = icon(KINDS[job.kind].drawing);
  const picture = isThere && el("img", { src: pictureOf(job, query), alt: "", loading: "lazy", onerror: (event) => event.target.replaceWith(drawing) });
  const text = job.description && el("span", { class: "excerpt" }, job.description);
  const bar = !hasEnded(job) && el("progress", { max: 100, value: job.progress_percent, "aria-label": "Progress" });
  return el("span", { class: "thumb" }, picture || text || drawing, bar);
}

function timeOf(job) {
  const time = el("time", { datetime: job.created_at });
  tellTime(time);
  return time;
}

function tellTime(time) {
  time.textContent = ago(time.dateTime);
}

function caption(job) {
  const state = job.is_complete ? timeOf(job) : hasEnded(job) ? job.status : "at work";
  return el(
    "span",
    { class: "caption" },
    el("span", { class: "words" }, job.prompt ?? KINDS[job.kind].name),
    el("span", { class: "hint" }, icon(KINDS[job.kind].drawing), " ", state),
  );
}
