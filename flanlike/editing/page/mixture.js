// What a mixture is made of: its rows are opened and counted only when asked for.

import { call } from "./api.js";
import { breakable, button, el, say } from "./dom.js";

export async function show(main, shared, wanted, { isCurrent, link }) {
  const name = wanted.get("mixture");
  const known = shared.catalogue.mixtures.find((one) => one.name === name);
  document.title = `${name} · Workbench`;
  const body = el("div");
  const count = button(`open and count its rows in ${shared.data}`, async () => {
    count.disabled = true;
    say(`opening the rows of ${name} …`);
    try {
      const found = await call("mixture", { name, data: shared.data });
      if (!isCurrent()) return;
      body.replaceChildren(...parts(found, link));
      say("");
    } catch (error) {
      if (!isCurrent()) return;
      say(error.message, true);
      body.replaceChildren(el("p", { className: "wrong", role: "alert" }, error.message));
    }
    count.disabled = false;
  });
  main.replaceChildren(
    el("h2", {}, name),
    el("p", {}, known ? known.description : ""),
    el("p", {}, count),
    body,
  );
}

function parts(found, link) {
  const made = [];
  for (const [cluster, share] of Object.entries(found.clusters)) {
    const rows = found.tasks.filter((one) => one.cluster === cluster);
    for (const [place, one] of rows.entries()) {
      made.push(
        el(
          "tr",
          {},
          el(
            "th",
            { scope: "row", className: "words" },
            ...(place ? [] : [...breakable(cluster), ` ${percent(share)}`]),
          ),
          el("td", { className: "words" }, link(one.name, { task: one.name })),
          el("td", {}, one.rows.toLocaleString("en")),
          el("td", {}, percent(one.share)),
          el("td", { className: "words" }, one.from),
        ),
      );
    }
  }
  const heads = ["cluster", "task", "rows", "share of prompts", "how"];
  const kind = (place) => ([0, 1, 4].includes(place) ? "words" : "");
  const head = el(
    "tr",
    {},
    ...heads.map((text, place) => el("th", { scope: "col", className: kind(place) }, text)),
  );
  const table = el("table", {}, el("thead", {}, head), el("tbody", {}, ...made));
  const told = [
    `${found.tasks.length} tasks are trained on, of so many clusters: ${Object.keys(found.clusters).length}.`,
    `Held out (rules: ${found.rules}): ${found.held_out.join(", ") || "nothing"}.`,
    `Evaluated: ${found.evaluated.join(", ") || "nothing"}.`,
    ...found.left_out.map((line) => `Left out: ${line}`),
    ...found.leaks.map((line) => `Left in, though strict rules would leave it out: ${line}`),
  ];
  return [
    ...told.map((line) => el("p", {}, line)),
    el("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": "tasks" }, table),
  ];
}

function percent(share) {
  return `${(100 * share).toFixed(2)} %`;
}
