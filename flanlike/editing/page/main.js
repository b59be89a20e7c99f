// The menu, and which view is shown: the address says it, so that "back" and links work.
//   #task=rte&data=embedded&row=3        #mixture=nli

import { call, start } from "./api.js";
import { breakable, el, say, select } from "./dom.js";
import * as mixture from "./mixture.js";
import * as task from "./task.js";

const main = document.getElementById("main");
const shared = { data: "", models: [], catalogue: null };
let shown = null; // the address of the view that is shown
let number = 0; // of the last change of view

export function address(values) {
  return `#${new URLSearchParams(values)}`;
}

function given() {
  return new URLSearchParams(location.hash.slice(1));
}

function link(text, values) {
  return el("a", { href: address({ ...values, data: shared.data }) }, ...breakable(text));
}

function listTasks() {
  if (!shared.catalogue) return;
  const tasks = document.getElementById("tasks");
  const sought = document.getElementById("find").value.trim().toLowerCase();
  const open = given().get("task");
  tasks.replaceChildren();
  for (const [cluster, names] of Object.entries(shared.catalogue.clusters)) {
    const all = cluster.toLowerCase().includes(sought);
    const found = names.filter((name) => all || name.toLowerCase().includes(sought));
    if (!found.length) continue;
    const list = el("ul");
    for (const name of found) {
      const one = link(name, { task: name });
      if (name === open) one.setAttribute("aria-current", "page");
      list.append(el("li", {}, one));
    }
    const count = el("span", {}, ` ${found.length}`);
    const isOpen = sought !== "" || names.includes(open);
    tasks.append(el("details", { open: isOpen }, el("summary", {}, ...breakable(cluster), count), list));
  }
  if (!tasks.childElementCount) tasks.append(el("p", { className: "note" }, "no task of that name"));
}

function listOthers() {
  const found = shared.catalogue.mixtures.map((one) =>
    el("li", {}, link(one.name, { mixture: one.name })),
  );
  document.getElementById("mixtures").replaceChildren(...found);
  document.getElementById("mixtures-title").textContent = `${found.length} mixtures`;
  const reports = shared.models.map((one, place) =>
    one.report
      ? el("li", {}, el("a", { href: `/reports/${place}`, target: "_blank", rel: "noopener" }, one.name))
      : el("li", { className: "note" }, `${one.name} has no report`),
  );
  const none = el("li", { className: "note" }, "none: runs are named when the workbench is started");
  document.getElementById("reports").replaceChildren(...(reports.length ? reports : [none]));
}

async function catalogue(data) {
  if (shared.catalogue && shared.data === data) return;
  say("reading what tasks there are …");
  shared.catalogue = await call("catalogue", { data });
  shared.data = data;
  document.getElementById("data").value = data;
  listOthers();
  say("");
}

function welcome() {
  document.title = "Workbench";
  const count = Object.values(shared.catalogue.clusters).flat().length;
  const folder = shared.catalogue.folder;
  main.replaceChildren(
    el("h2", {}, `${count.toLocaleString("en")} tasks`),
    el("p", {}, "Choose a task: its rows are shown as every template words them, and each template can be edited with real rows beside it."),
    el("p", { className: "note" }, folder ? `Templates are saved in ${folder}, and nowhere else.` : "Nothing can be saved: start with --templates FOLDER."),
  );
}

async function show() {
  const wanted = given();
  if (location.hash === shown) return;
  if (task.isDirty() && !confirm("What you wrote is not saved. Leave it?")) {
    history.replaceState(null, "", shown || location.pathname);
    return;
  }
  task.leave();
  main.replaceChildren(el("p", { className: "note" }, "reading …"));
  shown = location.hash;
  number += 1;
  const mine = number;
  const isCurrent = () => mine === number;
  try {
    const data = wanted.get("data") || shared.data || document.getElementById("data").value;
    await catalogue(data);
    if (!isCurrent()) return;
    listTasks();
    if (wanted.has("task")) await task.show(main, shared, wanted, { isCurrent, keep });
    else if (wanted.has("mixture")) await mixture.show(main, shared, wanted, { isCurrent, link });
    else welcome();
    if (matchMedia("(max-width: 56rem)").matches && (wanted.has("task") || wanted.has("mixture")))
      document.getElementById("menu").open = false;
    // The link that was followed is listed anew, or hidden: the focus goes on where it leads.
    const here = document.activeElement;
    if (mine > 1 && (here === document.body || !here.checkVisibility())) main.focus();
  } catch (error) {
    if (!isCurrent()) return;
    say(error.message, true);
    main.replaceChildren(el("p", { className: "wrong", role: "alert" }, error.message));
  }
}

// Keeps in the address what a view shows, without a step back for each change.
function keep(values) {
  const now = given();
  for (const [name, value] of Object.entries(values)) {
    if (value === "" || value === null) now.delete(name);
    else now.set(name, value);
  }
  shown = `#${now}`;
  history.replaceState(null, "", shown);
}

async function begin() {
  try {
    const found = await start();
    shared.models = found.models;
    const data = select(
      found.data.map((name) => [name, name]),
      given().get("data") || found.data[0],
      (name) => {
        const now = given();
        now.set("data", name);
        for (const old of ["row", "split"]) now.delete(old);
        location.hash = `#${now}`;
      },
      { id: "data" },
    );
    document.getElementById("data").replaceWith(data);
    document.getElementById("find").addEventListener("input", listTasks);
    document.querySelector(".skip").addEventListener("click", (event) => {
      event.preventDefault(); // the address says which view is shown
      main.focus();
    });
    addEventListener("hashchange", show);
    addEventListener("beforeunload", (event) => task.isDirty() && event.preventDefault());
    await show();
  } catch (error) {
    say(error.message, true);
  }
  document.body.dataset.ready = "yes";
}

begin();
