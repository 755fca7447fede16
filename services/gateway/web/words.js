/** What things are called, and figures as people say them. */

export const KINDS = {
  edit: {
    name: "Edit",
    drawing: "wand",
    submit: "Edit picture",
    hint: "Say what should change; the rest stays as it is.",
    label: "What should change?",
  },
  variation: {
    name: "Variation",
    drawing: "layers",
    submit: "Make a variation",
    hint: "The picture made anew, in a style, by your sentence, or both.",
    label: "What should it become?",
  },
  cutout: {
    name: "Background removal",
    drawing: "cutout",
    submit: "Remove background",
    hint: "Keeps the subject; the rest becomes transparent.",
  },
  description: {
    name: "Description",
    drawing: "text",
    submit: "Describe picture",
    hint: "Says in words what the picture shows. JPEG or PNG; it is deleted afterwards.",
  },
};

export const IDEAS = [
  "Make the sky more dramatic",
  "Black and white, more contrast",
  "Warmer, with a soft vignette",
];

/** The stages of each kind, in order, each with its short name. */
const SHOWN = {
  pending: "Queued",
  enhancing_prompt: "Understanding",
  fetching_image: "Preparing",
  ai_processing: "Creating",
  removing_background: "Cutting out",
  describing: "Looking",
  uploading_result: "Finishing",
};
const MADE = ["pending", "enhancing_prompt", "fetching_image", "ai_processing", "uploading_result"];
const STAGES = {
  edit: MADE,
  variation: MADE,
  cutout: ["pending", "fetching_image", "removing_background", "uploading_result"],
  description: ["pending", "fetching_image", "describing"],
};

/** The stages of a kind as `[stage, short name]`. */
export const stagesOf = (kind) => STAGES[kind].map((stage) => [stage, SHOWN[stage]]);

/** A number of bytes, as 2.4 MB. */
export function bytes(count) {
  if (count < 1000) return `${count} bytes`;
  const [unit, size] = count < 1e6 ? ["kB", 1e3] : ["MB", 1e6];
  return `${(count / size).toLocaleString("en", { maximumFractionDigits: 1 })} ${unit}`;
}

/** A wait, as 12 seconds or 3 hours 5 minutes. */
export function span(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 120) return count(whole, "second");
  const minutes = Math.ceil(whole / 60);
  if (minutes < 120) return count(minutes, "minute");
  const rest = minutes % 60;
  return count(Math.floor(minutes / 60), "hour") + (rest ? ` ${count(rest, "minute")}` : "");
}

/** A moment, as 5 minutes ago. */
export function ago(moment) {
  const seconds = (Date.now() - new Date(moment)) / 1000;
  const units = [["day", 86_400], ["hour", 3600], ["minute", 60]];
  const [unit, size] = units.find(([, size]) => seconds >= size) ?? [];
  if (!unit) return "just now";
  return new Intl.RelativeTimeFormat("en").format(-Math.floor(seconds / size), unit);
}

/** A number with its noun. */
export const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
