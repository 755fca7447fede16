/** What happens, as it happens: one job to its end, and all jobs of this visitor. */

import { ProblemError, address, call } from "./api.js";

const POLL_SECONDS = 2;
const MOST_POLLS = 1800;
const REOPEN_SECONDS = [2, 5, 15, 60];
const SESSION_SECONDS = 3;

/** Whether a job has come to its end. */
export const hasEnded = (job) => job.is_complete || job.is_error;

/**
 * Follow one job. `told` hears each status, `lost` whether the connection is away, `gone` the
 * sentence when there is no such job. The function that is returned ends it.
 */
export function follow(id, { told, lost, gone }) {
  const stream = new EventSource(address("GET /api/jobs/{job_id}/stream", { job_id: id }));
  let over = false;
  const end = () => {
    over = true;
    stream.close();
  };
  const hear = (status) => {
    if (over) return;
    lost(false);
    told(status);
    if (hasEnded(status)) end();
  };
  stream.addEventListener("open", () => lost(false));
  stream.addEventListener("stage", (frame) => hear(JSON.parse(frame.data)));
  stream.addEventListener("end", (frame) => hear(JSON.parse(frame.data)));
  stream.addEventListener("error", () => {
    if (over) return;
    // A browser comes back by itself, but not after anything else than a stream: then we ask.
    if (stream.readyState === EventSource.CLOSED) poll(id, hear, () => over, { lost, gone });
    else lost(true);
  });
  return end;
}

async function poll(id, hear, isOver, { lost, gone }) {
  for (let polls = 0; polls < MOST_POLLS && !isOver(); polls += 1) {
    let pause = POLL_SECONDS;
    try {
      hear(await call("GET /api/jobs/{job_id}", { parameters: { job_id: id } }));
    } catch (error) {
      if (error instanceof ProblemError && error.status === 404) return isOver() || gone(error.message);
      pause = Math.max(POLL_SECONDS, error.wait ?? 0);
      if (!isOver()) lost(true);
    }
    await seconds(pause);
  }
}

/**
 * Follow all jobs while the page is seen: a browser opens few connections to one host, so a tab in
 * the background gives its own back. `skipped` is called when something may have been missed.
 */
export class Feed {
  #stream = null;
  #last = "";
  #failures = 0;
  #opened;

  constructor({ told, skipped }) {
    this.told = told;
    this.skipped = skipped;
    /** Resolves once this visitor has a name, so that what is submitted is theirs; or soon after. */
    this.ready = Promise.race([new Promise((opened) => (this.#opened = opened)), seconds(SESSION_SECONDS)]);
    document.addEventListener("visibilitychange", () => this.#turn());
    this.#turn();
  }

  #turn() {
    if (document.hidden) this.#close();
    else if (!this.#stream) this.#open();
  }

  #open() {
    const stream = new EventSource(address("GET /events", {}, { last_event_id: this.#last }));
    this.#stream = stream;
    stream.addEventListener("open", () => {
      this.#failures = 0;
      this.#opened();
    });
    stream.addEventListener("stage", (frame) => {
      this.#last = frame.lastEventId || this.#last;
      this.told(JSON.parse(frame.data));
    });
    stream.addEventListener("skipped", () => this.skipped());
    stream.addEventListener("error", () => this.#failed(stream));
  }

  #failed(stream) {
    if (stream.readyState !== EventSource.CLOSED || stream !== this.#stream) return;
    this.#close();
    const pause = REOPEN_SECONDS[Math.min(this.#failures, REOPEN_SECONDS.length - 1)];
    this.#failures += 1;
    seconds(pause).then(() => this.#turn());
  }

  #close() {
    this.#stream?.close();
    this.#stream = null;
  }
}

const seconds = (count) => new Promise((over) => setTimeout(over, count * 1000));
