// Puts a prompt to one model or two, side by side: what each writes, while it writes it, and its
// option probabilities.

import { follow } from "./api.js";
import { button, el, labelled, say, select, uniqueId } from "./dom.js";

let chosen = ["0", ""]; // models, kept from one prompt to the next

export class AskPanel {
  constructor(models, prompt, close) {
    this.models = models;
    this.prompt = prompt;
    this.close = close;
    this.stopper = null;
    this.element = this.form();
  }

  form() {
    const title = uniqueId("ask");
    if (!this.models.length) {
      return el(
        "section",
        { className: "ask", "aria-labelledby": title },
        el("h4", { id: title }, "ask a model"),
        el("p", {}, "None is there: start the workbench with a run or a model, python -m flanlike.workbench RUN [RUN]."),
        el("p", { className: "buttons" }, button("close", this.close)),
      );
    }
    const names = this.models.map((one, place) => [String(place), one.name]);
    if (Number(chosen[0]) >= names.length) chosen = ["0", ""];
    this.first = select(names, chosen[0], (value) => (chosen[0] = value), { name: "first" });
    const none = ["", "none"];
    this.second = select([none, ...names], chosen[1], (value) => (chosen[1] = value), { name: "second" });
    this.text = el("textarea", { name: "text", rows: 6, value: this.prompt.inputs });
    this.options = el("textarea", { name: "options", rows: 2, value: this.prompt.options.join("\n") });
    this.most = el("input", { type: "number", name: "most", min: 1, max: 1024, value: 64 });
    this.warmth = el("input", { type: "number", name: "warmth", min: 0, max: 100, step: "any", value: 0 });
    this.go = button("ask", () => this.ask(), { className: "first", disabled: this.prompt.is_cut });
    this.stop = button("stop", () => this.stopper && this.stopper.abort(), { disabled: true });
    this.buttons = el("p", { className: "buttons" }, this.go, this.stop, button("close", () => this.leave()));
    this.answers = el("div", { className: "sides" });
    return el(
      "section",
      {
        className: "ask",
        "aria-labelledby": title,
        onkeydown: (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && this.ask(),
      },
      el("h4", { id: title }, "ask a model"),
      labelled("the prompt", this.text, "tall"),
      labelled("options, one a line, whose probability is asked too", this.options, "tall"),
      el(
        "div",
        { className: "line" },
        labelled("model", this.first),
        labelled("beside it", this.second),
        labelled("tokens at most", this.most),
        labelled("temperature", this.warmth),
      ),
      this.buttons,
      this.answers,
    );
  }

  focus() {
    this.element.scrollIntoView({ block: "nearest" });
    (this.go || this.element.querySelector("button")).focus();
  }

  leave() {
    if (this.stopper) this.stopper.abort();
    this.close();
  }

  values() {
    const options = this.options.value.split("\n").filter((line) => line.trim());
    const isSame = options.join("\n") === this.prompt.options.join("\n");
    return {
      text: this.text.value,
      options,
      written: isSame ? this.prompt.written : [],
      max_new_tokens: Math.trunc(Number(this.most.value)),
      temperature: Number(this.warmth.value),
    };
  }

  async ask() {
    if (this.go.disabled) return;
    const places = [this.first.value, this.second.value].filter((one) => one !== "");
    this.stopper = new AbortController();
    this.answers.replaceChildren();
    this.turn(this.go, this.stop);
    say("asking …");
    const values = this.values();
    const put = places.map((place) => this.put(Number(place), values));
    // With room below for what comes, and the button that stops it in sight.
    if (this.answers.getBoundingClientRect().top > innerHeight / 2) this.buttons.scrollIntoView();
    await Promise.all(put);
    say("");
    this.stopper = null;
    this.turn(this.stop, this.go);
  }

  // Of the two buttons one can be pressed; who has pressed it finds the focus on the other.
  turn(from, to) {
    to.disabled = false;
    if (document.activeElement === from) to.focus();
    from.disabled = true;
  }

  async put(place, values) {
    const answer = new Answer(this.models[place].name);
    this.answers.append(answer.element);
    const tell = (kind, said) => {
      if (this.element.isConnected) answer.tell(kind, said);
      else if (this.stopper) this.stopper.abort(); // nobody sees it
    };
    try {
      const got = await follow("ask", { ...values, model: place }, this.stopper.signal, tell);
      const { options, gold } = this.prompt;
      answer.end(answerElements(got, values.options, gold === null ? "" : options[gold]));
    } catch (error) {
      answer.fail(error);
    }
  }
}

// What a model writes. It is read aloud when it is whole; before that, what is being done.
class Answer {
  constructor(name) {
    this.written = el("pre", { className: "answer", "aria-live": "off" });
    this.state = el("p", { className: "note" }, "asked …");
    this.body = el("div", { "aria-live": "polite" }, this.state);
    this.element = el("section", { "aria-busy": "true" }, el("h5", {}, name), this.body);
  }

  tell(kind, said) {
    if (kind === "state") {
      this.state.textContent = `${said} …`;
    } else {
      if (!this.written.isConnected) {
        this.body.prepend(this.written);
        this.state.textContent = "writing …";
      }
      this.written.append(said);
    }
  }

  end(elements) {
    this.element.removeAttribute("aria-busy");
    this.body.replaceChildren(...elements);
  }

  // What was written before it failed, or was stopped, stays.
  fail(error) {
    const kind = error.isStopped ? { className: "note" } : { className: "wrong", role: "alert" };
    const written = this.written.isConnected ? [this.written] : [];
    this.end([...written, el("p", kind, error.message)]);
  }
}

function answerElements(got, options, gold) {
  const cut = got.is_cut ? ", cut" : "";
  const made = [
    el("pre", { className: "answer" }, got.answer || "(nothing)"),
    el("p", { className: "note" }, `${got.tokens} tokens${cut}, ${got.seconds} s`),
  ];
  if (!got.probabilities.length) return made;
  const rows = options.map((option, place) => {
    const share = got.probabilities[place];
    const bar = el("span", { className: "bar" });
    bar.style.width = `${100 * share}%`;
    const name = el("th", { scope: "row" }, option === gold ? `${option} ✓` : option);
    return el("tr", {}, name, el("td", {}, share.toFixed(3)), el("td", { className: "bars" }, bar));
  });
  const heads = ["option", "probability"].map((one) => el("th", { scope: "col" }, one));
  const head = el("tr", {}, ...heads, el("td"));
  made.push(el("table", { className: "options" }, el("thead", {}, head), el("tbody", {}, ...rows)));
  return made;
}
