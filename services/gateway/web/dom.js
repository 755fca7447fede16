/** Elements of the page. What comes from people or the service is text here, never markup. */

/** The element with this id. */
export const $ = (id) => document.getElementById(id);

/** An element: `on…` are listeners, true and false set and leave out, children are text or nodes. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

/** One of the drawings at the end of the page. */
export function icon(name) {
  const { namespaceURI } = $(`i-${name}`);
  const drawing = document.createElementNS(namespaceURI, "svg");
  const use = document.createElementNS(namespaceURI, "use");
  drawing.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#i-${name}`);
  drawing.append(use);
  return drawing;
}

/** A button with a drawing and a word. */
export function button(word, drawing, act, attributes = {}) {
  return el("button", { type: "button", class: "button", onclick: act, ...attributes }, icon(drawing), word);
}

/** Show a text, or nothing at all. */
export function say(element, text) {
  element.textContent = text || "";
  element.hidden = !text;
}

/** Whether the person asked for little motion. */
export const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Bring an element into view where it is not, and the keyboard to it. */
export function bring(element) {
  element.focus({ preventScroll: true });
  const { top } = element.getBoundingClientRect();
  if (top < 0 || top > innerHeight * 0.6)
    element.scrollIntoView({ behavior: isCalm() ? "auto" : "smooth", block: "start" });
}
