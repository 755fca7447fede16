/** The page: a form, the job that is looked at, and everything that was made. */

import { Composer } from "./composer.js";
import { Job } from "./job.js";
import { Feed } from "./live.js";
import { Past } from "./past.js";

const ID = /^#([0-9a-f-]{36})$/;

const past = new Past();
const feed = new Feed({ told: (job) => past.put(job), skipped: () => past.load() });
const composer = new Composer({ ready: feed.ready, accepted: (id) => (location.hash = id) });
const job = new Job({
  goOn: (one) => composer.goOn(one),
  again: (one) => composer.again(one),
  told: (one) => past.renew(one),
  erased: (one) => {
    past.drop(one);
    composer.forget(one);
    location.hash = "";
  },
});

/** The job that is looked at stands in the address, so that back, forward and a reload work. */
function turn() {
  const id = ID.exec(location.hash)?.[1] ?? null;
  if (location.hash && !id) return; // a place on the page
  job.open(id);
  past.mark(id);
}

addEventListener("hashchange", turn);
turn();
feed.ready.then(() => past.load());
