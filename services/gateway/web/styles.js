/** The styles that can be chosen, each with its reference picture. */

import { address, call } from "./api.js";
import { $, el } from "./dom.js";

const NONE = { id: "", name: "None", has_reference: false };

export class Styles {
  #known = [];

  /** Ask which there are; without an answer there are none to choose. */
  async load() {
    const told = await call("GET /api/styles").catch(() => ({ styles: [] }));
    this.#known = told.styles;
    $("style-list").replaceChildren(...(told.styles.length ? [NONE, ...told.styles].map(card) : []));
  }

  /** Show them where the kind of work takes one. */
  show(isWanted) {
    $("styles").hidden = !isWanted || !this.#known.length;
  }

  /** The one that is chosen, if any. */
  get chosen() {
    const id = $("style-list").querySelector("input:checked")?.value;
    return $("styles").hidden ? undefined : this.#known.find((style) => style.id === id);
  }
}

function card(style) {
  const query = { size: "thumb" };
  const picture = style.has_reference
    ? el("img", { src: address("GET /api/styles/{style_id}/reference", { style_id: style.id }, query), alt: "", loading: "lazy" })
    : el("span", { class: "letter", "aria-hidden": "true" }, style.id ? style.name.slice(0, 1) : "–");
  const choice = el("input", { type: "radio", name: "style", value: style.id, checked: !style.id });
  return el("label", { class: "style" }, choice, el("span", {}, picture, el("span", { class: "name" }, style.name)));
}
