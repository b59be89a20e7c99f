// A rendered prompt: what is read, what should be written, and where it comes from.

import { el } from "./dom.js";

export function promptElements(prompt) {
  const made = [el("pre", {}, prompt.inputs), el("p", { className: "target" }, prompt.targets)];
  const told = [prompt.row_id];
  if (prompt.shots) told.push(`${prompt.shots} solved rows before it`);
  if (prompt.option_style) told.push(`options: ${prompt.option_style}`);
  if (prompt.options.length) {
    const all = prompt.options.map((one, place) => (place === prompt.gold ? `[${one}]` : one));
    told.push(`of ${all.join(", ")}`);
  }
  if (!prompt.options.length && prompt.references.length > 1) {
    told.push(`also right: ${prompt.references.slice(1).join(" | ")}`);
  }
  if (prompt.needs_options) told.push("not trained so: the row asks about its options");
  if (prompt.is_cut) told.push("its beginning alone is shown");
  made.push(el("p", { className: "note" }, told.join(" · ")));
  return made;
}
