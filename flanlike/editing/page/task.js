// A task: one row by every template. Each can be edited and asked in its place.

import { call } from "./api.js";
import { AskPanel } from "./ask.js";
import { back, button, el, labelled, say, select, waitThen } from "./dom.js";
import { Editor } from "./editor.js";
import { promptElements } from "./prompt.js";

let editor = null; // one at a time

addEventListener("keydown", (event) => {
  if (!editor || event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  editor.keep();
});

export function isDirty() {
  return editor !== null && editor.isDirty();
}

// What was written is given up.
export function leave() {
  editor = null;
}

export async function show(main, shared, wanted, { isCurrent, keep }) {
  const name = wanted.get("task");
  say(`reading ${name} …`);
  const found = await call("task", { task: name, data: shared.data });
  if (!isCurrent()) return;
  const view = new View(shared, found, wanted, isCurrent, keep);
  document.title = `${name} · Workbench`;
  main.replaceChildren(...view.elements());
  await view.render();
}

class View {
  constructor(shared, found, wanted, isCurrent, keep) {
    this.shared = shared;
    this.found = found;
    this.isCurrent = isCurrent;
    this.keep = keep;
    this.number = 0;
    this.articles = new Map(); // by template's id
    this.split = wanted.get("split") || found.split;
    this.at = Number(wanted.get("row") || 0);
    this.shots = Number(wanted.get("shots") || 0);
    this.style = wanted.get("style") || "";
    this.kind = wanted.get("kind") || "";
    this.list = el("div", { className: "templates" });
    this.wrong = el("p", { className: "wrong", role: "alert" });
    this.record = el("details", { className: "record", hidden: true });
    this.total = el("span", { className: "note" });
    this.later = waitThen(150, () => this.render());
  }

  values() {
    return {
      task: this.found.name,
      data: this.shared.data,
      split: this.split,
      at: this.at,
      shots: this.shots,
      option_style: this.style,
    };
  }

  elements() {
    const { found } = this;
    const about = [`cluster ${found.cluster}`, found.metrics.join(", "), found.licence];
    const file = el("p", { className: "note" }, el("code", {}, found.file.name));
    file.append(found.file.several ? ` serves ${found.file.tasks}. ` : " serves this task alone. ");
    file.append(found.file.why_not ? `It cannot be saved here: ${found.file.why_not}.` : "");
    const add = button("new template", () => this.edit(null, this.newPlace));
    this.newPlace = el("div");
    return [
      el("h2", {}, found.name),
      el("p", { className: "note" }, about.filter(Boolean).join(" · ")),
      file,
      found.absent ? el("p", { className: "banner" }, `No rows here: ${found.absent}`) : null,
      found.absent ? null : this.controls(),
      this.record,
      el("p", {}, add),
      this.newPlace,
      this.wrong,
      this.list,
    ].filter(Boolean);
  }

  controls() {
    const { splits, styles, kinds } = this.shared.catalogue;
    const split = select(splits.map((one) => [one, one]), this.split, (value) => {
      this.split = value;
      this.go(0);
    });
    const kind = select([["", "all"], ...kinds.map((one) => [one, one])], this.kind, (value) => {
      this.kind = value;
      this.render();
    });
    const names = styles.map((one) => [one.name, one.drawn ? one.name : `${one.name} (only asked)`]);
    const style = select([["", "drawn by the row"], ...names], this.style, (value) => {
      this.style = value;
      this.render();
    });
    this.row = el("input", { type: "number", min: 0, step: 1, value: this.at, name: "row" });
    this.row.addEventListener("input", () => {
      this.at = Math.max(0, Math.trunc(Number(this.row.value) || 0));
      this.later();
    });
    const shots = el("input", { type: "number", min: 0, max: 64, step: 1, value: this.shots });
    shots.name = "shots";
    shots.addEventListener("input", () => {
      this.shots = Math.max(0, Math.trunc(Number(shots.value) || 0));
      this.later();
    });
    this.before = button("previous", () => this.go(this.at - 1));
    this.after = button("next", () => this.go(this.at + 1));
    return el(
      "form",
      { className: "controls", onsubmit: (event) => event.preventDefault() },
      labelled("split", split),
      el("span", { className: "group" }, labelled("row", this.row), this.before, this.after),
      this.total,
      labelled("shots", shots),
      labelled("options", style),
      labelled("kind", kind),
    );
  }

  go(at) {
    this.at = Math.max(0, at);
    this.row.value = this.at;
    return this.render();
  }

  async render() {
    this.number += 1;
    const mine = this.number;
    this.keep({
      split: this.split === this.found.split ? "" : this.split,
      row: this.at || "",
      shots: this.shots || "",
      style: this.style,
      kind: this.kind,
    });
    if (editor) editor.render();
    if (this.found.absent) {
      this.list.replaceChildren(...this.bare());
      say("");
      return;
    }
    say("rendering …");
    this.wrong.textContent = "";
    try {
      const got = await call("render", this.values());
      if (mine !== this.number || !this.isCurrent()) return;
      this.showPrompts(got);
      say("");
    } catch (error) {
      if (mine !== this.number || !this.isCurrent()) return;
      say("");
      this.wrong.textContent = error.message;
      this.total.textContent = "";
      if (!editor) this.list.replaceChildren(...this.bare());
    }
  }

  // Templates without a row: what they say themselves.
  bare() {
    return this.found.templates
      .filter((one) => !this.kind || one.kind === this.kind)
      .map((one) => {
        const place = el("div", { className: "place" });
        const pattern = [el("pre", {}, one.input), el("p", { className: "target" }, one.target)];
        return el(
          "article",
          { "data-template": one.id },
          el("h3", {}, one.id, el("span", {}, ` ${one.kind}`)),
          el("div", { className: "shown" }, ...pattern),
          el("p", { className: "buttons" }, button("edit", () => this.edit(one, place), named("edit", one.id))),
          place,
        );
      });
  }

  showPrompts(got) {
    const last = got.total - 1;
    const without = got.dropped ? `, ${got.dropped.toLocaleString("en")} without an answer left out` : "";
    this.total.textContent = `of ${got.total.toLocaleString("en")}${without}`;
    this.row.max = last;
    this.before.disabled = this.at <= 0;
    this.after.disabled = this.at >= last;
    const fields = el("dl");
    for (const { name, value } of got.record) fields.append(el("dt", {}, name), el("dd", {}, value));
    this.record.hidden = false;
    this.record.replaceChildren(el("summary", {}, "the record"), fields);
    const prompts = got.prompts.filter((one) => !this.kind || one.kind === this.kind);
    if (editor && editor.element.isConnected && this.list.contains(editor.element)) {
      // The one that is edited stays where it is, with what was written in it.
      for (const prompt of prompts) {
        const there = this.articles.get(prompt.template);
        if (there) there.fill(prompt);
      }
      return;
    }
    this.articles = new Map(prompts.map((one) => [one.template, this.article(one)]));
    const made = [...this.articles.values()].map((one) => one.element);
    const none = el("p", { className: "note" }, "no template of that kind");
    this.list.replaceChildren(...(made.length ? made : [none]));
  }

  article(prompt) {
    const template = this.found.templates.find((one) => one.id === prompt.template);
    const body = el("div", { className: "shown" });
    const place = el("div", { className: "place" });
    let now = prompt;
    const element = el(
      "article",
      { "data-template": prompt.template },
      el("h3", {}, prompt.template, el("span", {}, ` ${prompt.kind}`)),
      body,
      el(
        "p",
        { className: "buttons" },
        button("edit", () => template && this.edit(template, place), named("edit", prompt.template)),
        button("ask", () => this.ask(now, place), named("ask", prompt.template)),
      ),
      place,
    );
    const fill = (one) => {
      now = one;
      body.replaceChildren(...promptElements(one));
    };
    fill(prompt);
    return { element, fill };
  }

  ask(prompt, place) {
    if (isDirty() && place.contains(editor.element)) {
      say("save or close what you edit here first", true);
      return;
    }
    if (editor && place.contains(editor.element)) editor = null;
    const return_ = back();
    const panel = new AskPanel(this.shared.models, prompt, () => {
      place.replaceChildren();
      return_();
    });
    place.replaceChildren(panel.element);
    panel.focus();
  }

  edit(template, place) {
    if (isDirty()) {
      say("save or close the template that you edit first", true);
      editor.focus();
      return;
    }
    if (editor) editor.element.remove();
    const return_ = back();
    editor = new Editor(this, template, {
      close: () => {
        editor.element.remove();
        editor = null;
        return_();
      },
      saved: (id) => this.saved(id),
    });
    place.replaceChildren(editor.element);
    (place.closest("article") || place).scrollIntoView({ block: "start" });
    editor.focus();
    editor.render();
  }

  async saved(id) {
    editor = null;
    this.found = await call("task", { task: this.found.name, data: this.shared.data });
    this.newPlace.replaceChildren();
    this.list.replaceChildren();
    await this.render();
    const there = this.articles && this.articles.get(id);
    if (there) {
      there.element.scrollIntoView({ block: "nearest" });
      there.element.querySelector("button").focus({ preventScroll: true });
    }
    say(`saved: ${id} in ${this.found.file.name}`);
  }
}

function named(what, id) {
  return { "aria-label": `${what} ${id}` };
}
