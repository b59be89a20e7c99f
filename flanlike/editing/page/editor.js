// A template in a form, with the prompts that it makes and what the checks say of it.

import { call } from "./api.js";
import { AskPanel } from "./ask.js";
import { back, button, el, labelled, say, select, uniqueId, waitThen } from "./dom.js";
import { promptElements } from "./prompt.js";

const ROWS = 3;
const EMPTY = { id: "", kind: "forward", input: "", target: "{answer}", answers: "" };

export class Editor {
  constructor(view, template, { close, saved }) {
    this.view = view;
    this.was = template || { ...EMPTY, id: unused(view.found.templates) };
    this.original = template ? template.id : "";
    this.version = view.found.file.version;
    this.saved = saved;
    this.close = () => {
      if (!this.isDirty() || confirm("What you wrote is not saved. Leave it?")) close();
    };
    this.number = 0;
    this.isRight = false;
    this.later = waitThen(250, () => this.render());
    this.element = this.form();
    this.fill(this.was);
  }

  form() {
    const { found, shared } = this.view;
    const change = () => this.changed();
    this.id = el("input", { name: "id", autocomplete: "off", spellcheck: false, oninput: change });
    const kinds = shared.catalogue.kinds.map((one) => [one, one]);
    this.kind = select(kinds, "forward", change, { name: "kind" });
    this.input = area("input", 8, change);
    this.target = area("target", 2, change);
    for (const one of [this.input, this.target])
      one.addEventListener("focus", () => (this.last = one));
    this.answers = area("answers", 2, change);
    this.problems = el("ul", { className: "problems", "aria-label": "what the checks say" });
    this.verdict = el("p", { className: "verdict", role: "status" });
    this.prompts = el("div", { className: "prompts" });
    this.again = button("load the file again", () => this.load(), { hidden: true });
    this.save = button("save", () => this.keep(), { className: "first" });
    this.undo = button("undo changes", () => {
      this.fill(this.was);
      this.changed();
    });
    const words = found.labels.map((one) => `${one.name} = ${one.word}`).join("\n");
    this.answers.placeholder = words;
    const title = uniqueId("editor");
    return el(
      "section",
      { className: "editor", "aria-labelledby": title },
      el("h4", { id: title }, this.original ? `edit ${this.original}` : "a new template"),
      found.file.several ? el("p", { className: "note" }, "The file serves other tasks, too: a template has to fit all of them.") : null,
      el(
        "div",
        { className: "halves" },
        el(
          "form",
          { onsubmit: (event) => event.preventDefault() },
          el("div", { className: "line" }, labelled("id", this.id), labelled("kind", this.kind)),
          labelled("input: what the model reads", this.input, "tall"),
          labelled("target: what it should write", this.target, "tall"),
          found.labels.length
            ? labelled("own words for labels, LABEL = WORD a line; none: the task's", this.answers, "tall")
            : null,
          el("p", { className: "note" }, "fields: ", ...fields(found, (name) => this.put(name))),
          el(
            "p",
            { className: "buttons" },
            this.save,
            this.undo,
            this.again,
            button("close", () => this.close()),
          ),
        ),
        el(
          "div",
          { role: "region", "aria-label": "what the draft makes of real rows" },
          this.verdict,
          this.problems,
          this.prompts,
        ),
      ),
    );
  }

  fill(template) {
    for (const name of Object.keys(EMPTY)) this[name].value = template[name];
  }

  values() {
    const draft = { original: this.original };
    for (const name of Object.keys(EMPTY)) draft[name] = this[name].value;
    return draft;
  }

  isDirty() {
    return Object.keys(EMPTY).some((name) => this[name].value !== this.was[name]);
  }

  focus() {
    (this.original ? this.input : this.id).focus();
    if (!this.original) this.id.select();
  }

  // Puts a field where the cursor is, in the text that had it last.
  put(name) {
    const text = this.last || this.input;
    text.setRangeText(`{${name}}`, text.selectionStart, text.selectionEnd, "end");
    text.focus();
    this.changed();
  }

  changed() {
    this.isRight = false;
    this.buttons();
    this.later();
  }

  buttons() {
    const why = this.view.found.file.why_not;
    this.undo.disabled = !this.isDirty();
    this.save.disabled = Boolean(why) || !this.isRight || !this.isDirty();
    this.save.title = why ? `cannot be saved: ${why}` : "";
  }

  async render() {
    this.number += 1;
    const mine = this.number;
    this.buttons();
    try {
      const asked = { ...this.view.values(), count: ROWS, draft: this.values() };
      const got = await call("render", asked);
      if (mine !== this.number) return;
      this.tell(got.problems, got.prompts);
    } catch (error) {
      if (mine === this.number) this.tell([error.message], null);
    }
  }

  tell(problems, prompts) {
    this.isRight = !problems.length;
    this.verdict.textContent = problems.length
      ? `${problems.length} ${problems.length === 1 ? "thing is" : "things are"} wrong`
      : "the checks find nothing wrong";
    this.verdict.classList.toggle("wrong", problems.length > 0);
    this.problems.replaceChildren(...problems.map((line) => el("li", {}, line)));
    if (prompts && prompts.length) {
      this.prompts.replaceChildren(...prompts.map((one) => this.prompt(one)));
      this.prompts.classList.remove("old");
    } else {
      this.prompts.classList.add("old"); // what it made before stays, and says that it is old
    }
    this.buttons();
  }

  prompt(one) {
    const place = el("div");
    const ask = () => {
      const return_ = back();
      const panel = new AskPanel(this.view.shared.models, one, () => {
        place.replaceChildren();
        return_();
      });
      place.replaceChildren(panel.element);
      panel.focus();
    };
    const named = { "aria-label": `ask the draft's prompt of ${one.row_id}` };
    return el(
      "div",
      {},
      ...promptElements(one),
      el("p", { className: "buttons" }, button("ask", ask, named)),
      place,
    );
  }

  async keep() {
    if (this.save.disabled) {
      say(this.isDirty() ? "not saved: see what is wrong" : "nothing to save", this.isDirty());
      return;
    }
    this.save.disabled = true;
    const asked = { ...this.view.values(), version: this.version, draft: this.values() };
    try {
      const got = await call("save", asked);
      await this.saved(got.id);
    } catch (error) {
      say(error.message, true);
      this.again.hidden = !error.isChanged;
      this.tell([error.message], null);
    }
  }

  // Takes the file as it is now; what was written here stays, and can be saved into that.
  async load() {
    const { found, shared } = this.view;
    try {
      const now = await call("task", { task: found.name, data: shared.data });
      this.version = now.file.version;
      const same = now.templates.find((one) => one.id === this.original);
      if (this.original && !same) throw new Error(`the file has no template ${this.original} now`);
      const isOther = same && Object.keys(EMPTY).some((name) => same[name] !== this.was[name]);
      if (same) this.was = same;
      this.again.hidden = true;
      await this.render();
      (this.save.disabled ? this.input : this.save).focus();
      say(
        isOther
          ? "loaded again: this template has changed there; undo changes shows it, save replaces it"
          : "loaded again: what you wrote is still here, and can be saved",
      );
    } catch (error) {
      say(error.message, true);
    }
  }
}

// A name to begin with, so that a draft is shown before it has its own.
function unused(templates) {
  const taken = new Set(templates.map((one) => one.id));
  let number = 1;
  while (taken.has(`new_${number}`)) number += 1;
  return `new_${number}`;
}

function area(name, rows, change) {
  return el("textarea", { name, rows, spellcheck: true, oninput: change });
}

function fields(found, put) {
  const names = [...found.fields, "answer"];
  if (found.answers !== "FreeText") names.push("options");
  return names.map((name) => button(`{${name}}`, () => put(name), { className: "field" }));
}
