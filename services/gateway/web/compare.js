/** A result beside what it was made from: one slider over both, or side by side. */

import { el, icon, isCalm } from "./dom.js";

const SAME_SHAPE = 0.02; // sides of a picture are whole pixels, so small copies differ a little
const STEP = 1;
const MIDDLE = 50;

/** The result, and the original where a browser can show it. */
export function compared(result, original) {
  const after = el("img", { src: result, alt: "The result", class: "after" });
  const box = el("div", { class: "pair" }, frame(after));
  if (!original) return box;
  const before = el("img", { alt: "The original", class: "before" });
  Promise.all([loaded(after), loaded(before)]).then(
    () => box.replaceChildren(...(fits(before, after) ? [slider(before, after)] : sides(before, after))),
    () => {}, // a browser shows no TIFF, for one: then the result stands alone
  );
  before.src = original;
  return box;
}

const loaded = (image) =>
  image.complete && image.naturalWidth
    ? Promise.resolve()
    : new Promise((there, broken) => {
        image.addEventListener("load", there, { once: true });
        image.addEventListener("error", broken, { once: true });
      });

function fits(one, other) {
  const shape = (image) => image.naturalWidth / image.naturalHeight;
  return Math.abs(shape(one) / shape(other) - 1) < SAME_SHAPE;
}

const frame = (...content) => el("div", { class: "frame" }, ...content);

function sides(before, after) {
  const side = (image, word) => el("figure", {}, frame(image), el("figcaption", {}, word));
  return [side(before, "Before"), side(after, "After")];
}

function slider(before, after) {
  const range = el("input", {
    type: "range",
    min: 0,
    max: 100,
    step: STEP,
    value: MIDDLE,
    "aria-label": "How much of the original is shown, in percent",
  });
  const handle = el("span", { class: "handle", "aria-hidden": "true" }, el("span", {}, icon("grip")));
  const words = ["Before", "After"].map((word) => el("span", { class: `word ${word.toLowerCase()}-word`, "aria-hidden": "true" }, word));
  const box = frame(after, before, ...words, range, handle);
  const split = (percent) => box.style.setProperty("--split", `${percent}%`);
  range.addEventListener("input", () => {
    box.classList.remove("opening");
    split(range.value);
  });
  box.classList.add("compare");
  if (!isCalm()) {
    box.classList.add("opening");
    split(100);
    requestAnimationFrame(() => requestAnimationFrame(() => split(range.value)));
  }
  return box;
}
