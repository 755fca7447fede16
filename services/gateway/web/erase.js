/** Deleting a job for good: asked first, then told what is gone. */

import { call, right } from "./api.js";
import { $, el, say } from "./dom.js";
import { KINDS, count } from "./words.js";

const CALLED = { raw: "result as it was delivered", thumb: "small copies" };
const LISTED = new Intl.ListFormat("en");

/** Ask, and delete if the person means it; `erased` hears the job that is gone. */
export function askToErase(job, erased) {
  const name = KINDS[job.kind].name.toLowerCase();
  $("erase-title").textContent = `Delete this ${name}?`;
  say($("erase-text"), "Its pictures, your words and what was said of it are removed for good. What was made from its result stays.");
  $("erased").replaceChildren();
  $("erase-no").textContent = "Keep it";
  $("erase-no").onclick = () => $("erase").close();
  $("erase-yes").hidden = false;
  $("erase-yes").disabled = false;
  $("erase-yes").onclick = () => erase(job, erased);
  $("erase").showModal();
  $("erase-no").focus();
}

async function erase(job, erased) {
  $("erase-yes").disabled = true;
  try {
    const parameters = { job_id: job.job_id };
    tell(await call("DELETE /api/jobs/{job_id}", { parameters, headers: right(job.job_id) }));
    erased(job);
  } catch (error) {
    say($("erase-text"), error.message);
    $("erase-yes").disabled = false;
  }
}

function tell({ removed, remaining }) {
  const rest = remaining.length ? ` What could not be reached follows by itself: ${listed(remaining)}.` : "";
  $("erase-title").textContent = "Deleted";
  say($("erase-text"), `This was removed:${rest}`);
  $("erased").replaceChildren(...lines(removed).map((line) => el("li", {}, line)));
  $("erase-yes").hidden = true;
  $("erase-no").textContent = "Close";
  $("erase-no").focus();
}

function lines(removed) {
  const told = [
    removed.objects.length && `${count(removed.objects.length, "picture")}: ${listed(new Set(removed.objects))}`,
    removed.words.length && `words: ${listed(removed.words)}`,
    removed.journal_entries && count(removed.journal_entries, "journal entry").replace("entrys", "entries"),
    removed.feedback && count(removed.feedback, "rating"),
    removed.dead_letters && count(removed.dead_letters, "undelivered message"),
  ].filter(Boolean);
  return told.length ? told : ["nothing was left of it"];
}

const listed = (names) => LISTED.format(Array.from(names, (name) => CALLED[name] ?? name.replaceAll("_", " ")));
