/** Thumbs up or down, and why. */

import { call } from "./api.js";
import { $, button, el } from "./dom.js";

const MOST_CHARACTERS = 1000;
const ALREADY = 409;

/** What was thanked for on this page, by job. */
const thanked = new Map();

/** Ask what the person thinks of a finished picture. */
export function showRating(job) {
  const box = $("rating");
  box.hidden = !(job?.is_complete && job.result_url);
  if (box.hidden) return;
  const thanks = thanked.get(job.job_id);
  box.replaceChildren(...(thanks ? [el("p", { role: "status" }, thanks)] : question(job)));
}

function question(job) {
  const problem = el("p", { class: "problem", role: "alert", hidden: true });
  const why = whyForm(job, problem);
  const good = button("Good", "good", () => give(job, { rating: 1 }, problem), { class: "button small" });
  const bad = button("Not good", "bad", () => ask(why), { class: "button small", "aria-controls": "why" });
  return [el("div", { class: "row" }, el("span", {}, "How is it?"), good, bad), why, problem];
}

function ask(why) {
  why.hidden = false;
  why.querySelector("textarea").focus();
}

function whyForm(job, problem) {
  const text = el("textarea", { id: "why-text", rows: 2, maxlength: MOST_CHARACTERS });
  const send = (event) => {
    event.preventDefault();
    if (text.value.trim()) return give(job, { rating: 0, feedback_text: text.value }, problem);
    complain(problem, "Please say in a word what is wrong.");
    return text.focus();
  };
  return el(
    "form",
    { id: "why", class: "field", hidden: true, novalidate: true, onsubmit: send },
    el("label", { for: "why-text" }, "What is wrong with it?"),
    text,
    el("button", { type: "submit", class: "button small" }, "Send"),
  );
}

async function give(job, rating, problem) {
  try {
    const told = await call("POST /feedback/", { body: { edit_uuid: job.job_id, ...rating } });
    thanked.set(job.job_id, told.message);
  } catch (error) {
    if (error.status !== ALREADY) return complain(problem, error.message);
    thanked.set(job.job_id, error.message);
  }
  return showRating(job);
}

function complain(problem, sentence) {
  problem.hidden = false;
  problem.textContent = sentence;
}
