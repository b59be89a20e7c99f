// Every prediction of a page: sorted, filtered, searched and opened, from the data that
// eval/explorer.py packs. What comes from data goes into the page as text and never as mark-up.
"use strict";
(async () => {
  const PAGE_ROWS = 50;
  const root = document.getElementById("predictions");
  const part = (name) => root.querySelector(`[data-part="${name}"]`);
  const status = part("status"), form = part("form"), body = part("body");
  const PAIR = ["first", "second"]; // which two of several versions are side by side
  const FIELDS = ["task", "template", "only", "from", "to", "row", "q", "sort", "page"];
  const NUMBERS = ["from", "to", "page"];

  function element(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
    made.append(...children); // strings become text
    return made;
  }

  async function unpacked(id) {
    const letters = atob(document.getElementById(id).textContent.trim());
    const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  let data;
  try {
    data = await unpacked("predictions-data");
  } catch (error) {
    status.textContent = `The predictions cannot be unpacked by this browser: ${error.message}`;
    return;
  }
  const chooses = data.versions.length > 2;

  // Numbers of the versions that are shown, and rows as the table shows them: their answers in the
  // order of the versions, null where not asked.
  let pair = [], rows = [];
  function compare(numbers) {
    if (String(numbers) === String(pair)) return;
    pair = numbers;
    rows = data.predictions.flatMap(([cell, row, ...all], number) => {
      const of = data.cells[cell];
      const answers = pair.map((version) => all[version]);
      const shown = answers[answers.length - 1] || answers[0];
      return shown ? [{
        number, of, row, answers, shown, task: of.task, template: of.template,
        score: shown.score, sure: sure(shown), answer: said(shown), right: right(shown),
      }] : [];
    });
  }

  function sure(answer) {
    return answer.probabilities && answer.probabilities[answer.choice];
  }

  function option(answer, index) {
    const prompt = data.prompts[answer.prompt];
    return prompt && prompt[1].length ? prompt[1][index] : `option ${index + 1}`;
  }

  function said(answer) {
    return answer.choice === undefined ? answer.text || "" : option(answer, answer.choice);
  }

  function right(answer) {
    const prompt = data.prompts[answer.prompt];
    if (answer.also) return [answer.gold, ...answer.also].map((i) => option(answer, i)).join(" | ");
    if (prompt) return prompt[2];
    if (answer.right !== undefined) return answer.right;
    return answer.gold === undefined ? "" : option(answer, answer.gold);
  }

  function verdict(answer) {
    if (!answer) return "not asked";
    if (answer.unread) return "unread";
    if (answer.score === undefined) return "–";
    if (answer.score === 1) return "right";
    return answer.score === 0 ? "wrong" : answer.score.toFixed(2);
  }

  function percent(share) {
    return share === undefined ? "–" : `${(100 * share).toFixed(1)} %`;
  }

  function isFlipped(row) {
    const [first, second] = row.answers;
    return Boolean(first && second) && first.score !== undefined && first.score !== second.score;
  }

  const ONLY = {
    __proto__: null,
    right: (row) => row.score === 1,
    wrong: (row) => row.score === 0,
    part: (row) => row.score > 0 && row.score < 1,
    unread: (row) => Boolean(row.shown.unread),
    cut: (row) => Boolean(row.shown.cut),
    flipped: isFlipped,
    gained: (row) => isFlipped(row) && row.answers[0].score < row.answers[1].score,
    lost: (row) => isFlipped(row) && row.answers[0].score > row.answers[1].score,
  };

  // All that can be searched of a row; made once it is needed, prompts in lower case once each.
  const lowered = new Map();
  function matches(row, words) {
    if (row.words === undefined) {
      row.words = [row.row, ...row.answers.filter(Boolean).flatMap((one) =>
        [said(one), right(one), one.read || ""])].join("\n").toLowerCase();
    }
    const prompts = row.answers.filter(Boolean).map(({ prompt }) => {
      if (prompt === undefined) return "";
      const text = lowered.get(prompt) || data.prompts[prompt].flat().join("\n").toLowerCase();
      lowered.set(prompt, text);
      return text;
    });
    return words.every((word) => row.words.includes(word) || prompts.some((p) => p.includes(word)));
  }

  // What is asked for: in the form's fields, and in the address so that others can open it.
  let state = {};

  function fromAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    const found = {};
    for (const name of [...PAIR, ...FIELDS]) if (given.get(name)) found[name] = given.get(name);
    for (const name of NUMBERS) if (!(Number(found[name]) >= 0)) delete found[name];
    for (const name of PAIR) if (!data.versions.includes(found[name])) delete found[name];
    return found;
  }

  function toAddress() {
    const kept = new URLSearchParams();
    for (const name of [...PAIR, ...FIELDS]) if (state[name]) kept.set(name, state[name]);
    const hash = kept.toString();
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }

  function addressOf(row, ...names) {
    const chosen = PAIR.filter((name) => state[name]).map((name) => [name, state[name]]);
    return `#${new URLSearchParams([...chosen, ...names.map((name) => [name, row[name]])])}`;
  }

  function choice(name) {
    return element("option", { value: name }, name);
  }

  function fill(select, names) {
    const chosen = state[select.name] || "";
    const listed = chosen && !names.includes(chosen) ? [...names, chosen] : names;
    select.replaceChildren(element("option", { value: "" }, "all"), ...listed.map(choice));
    select.value = chosen;
  }

  function toForm() {
    form.elements.first.value = data.versions[pair[0]];
    form.elements.second.value = data.versions[pair[pair.length - 1]];
    const tasks = [...new Set(data.cells.map((cell) => cell.task))].sort();
    const ofTask = data.cells.filter((cell) => !state.task || cell.task === state.task);
    fill(form.elements.task, tasks);
    fill(form.elements.template, [...new Set(ofTask.map((cell) => cell.template))].sort());
    for (const name of ["only", "from", "to", "row", "q"]) {
      const text = state[name] || "";
      if (form.elements[name].value !== text) form.elements[name].value = text;
    }
  }

  function found() {
    const words = (state.q || "").toLowerCase().split(/\s+/).filter(Boolean);
    const only = ONLY[state.only];
    const hits = rows.filter((row) =>
      (!state.task || row.task === state.task) &&
      (!state.template || row.template === state.template) &&
      (!state.row || row.row === state.row) &&
      (!only || only(row)) &&
      (!state.from || 100 * row.sure >= state.from) &&
      (!state.to || 100 * row.sure <= state.to) &&
      (!words.length || matches(row, words)));
    const key = (state.sort || "").replace(/^-/, "");
    if (COLUMNS[key]) {
      const sign = state.sort.startsWith("-") ? -1 : 1;
      hits.sort((a, b) => compared(a[key], b[key], sign) || a.number - b.number);
    }
    return hits;
  }

  const collator = new Intl.Collator("en", { numeric: true });
  function compared(a, b, sign) { // what is not known comes last, either way
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    return sign * (typeof a === "number" ? a - b : collator.compare(a, b));
  }

  const COLUMNS = {
    __proto__: null,
    task: "task", template: "template", row: "row", score: "verdict", sure: "sure",
    answer: "answer", right: "right answer",
  };
  const opened = new Set(); // numbers of rows

  function draw() {
    const hits = found();
    const pages = Math.max(1, Math.ceil(hits.length / PAGE_ROWS));
    const page = Math.min(Math.max(1, Math.floor(state.page) || 1), pages);
    if (hits.length === 1) opened.add(hits[0].number);
    body.replaceChildren(...hits.slice((page - 1) * PAGE_ROWS, page * PAGE_ROWS).flatMap(lines));
    if (!hits.length) body.append(element("tr", { role: "row" }, element("td",
      { role: "cell", colspan: "7" }, "No prediction is like that.")));
    const [shown, all] = [hits, rows].map(({ length }) => length.toLocaleString("en"));
    status.textContent = `${shown} of ${all} predictions${summary(hits)}`;
    part("page").textContent = `page ${page} of ${pages}`;
    part("previous").disabled = page === 1;
    part("next").disabled = page === pages;
    part("previous").onclick = () => change({ page: String(page - 1) });
    part("next").onclick = () => change({ page: String(page + 1) });
    for (const head of root.querySelectorAll("th[data-key]")) {
      const key = head.dataset.key;
      const sorted = state.sort === key ? "ascending" : state.sort === `-${key}` && "descending";
      head.setAttribute("aria-sort", sorted || "none");
    }
  }

  function summary(hits) { // on the same rows, where two are compared
    const known = hits.filter((row) => row.answers.every((one) => one && "score" in one));
    if (!known.length) return hits.length && pair.length > 1 ? "; none has both verdicts" : "";
    const shares = pair.map((_, i) =>
      percent(known.filter((row) => row.answers[i].score === 1).length / known.length));
    if (pair.length === 1) return `, ${shares[0]} right`;
    const named = shares.map((share, i) => `${data.versions[pair[i]]} ${share}`).join(" → ");
    const flips = ["gained", "lost"].map((name) => `${hits.filter(ONLY[name]).length} ${name}`);
    const both = known.length < hits.length ? ` of ${known.length} that both have` : "";
    return `; right: ${named}${both}; ${flips.join(", ")}`;
  }

  function change(changes) {
    state = { ...state, page: "", ...changes };
    choose();
    if ("task" in changes && !data.cells.some((cell) =>
      cell.task === state.task && cell.template === state.template)) state.template = "";
    toAddress();
    toForm();
    draw();
  }

  function choose() {
    const asked = PAIR.map((name) => chooses ? data.versions.indexOf(state[name]) : -1);
    const ends = [0, data.versions.length - 1];
    compare([...new Set(ends.map((end, i) => asked[i] < 0 ? end : asked[i]))]);
  }

  function marked(word) {
    const kind = { right: "yes", wrong: "no", unread: "no" }[word];
    return element("span", kind ? { class: kind } : {}, word);
  }

  function verdicts(row) {
    if (row.answers.length === 1) return [marked(verdict(row.answers[0]))];
    return row.answers.flatMap((one, i) => [...(i ? [" → "] : []), marked(verdict(one))]);
  }

  function answers(row) {
    const texts = [...new Set(row.answers.filter(Boolean).map((one) => cut(said(one))))];
    return texts.join(" → ");
  }

  function cut(text) {
    return text.length > 120 ? `${text.slice(0, 120)}…` : text;
  }

  function lines(row) {
    const isOpen = opened.has(row.number);
    const id = `prediction-${row.number}`;
    const button = element("button",
      { type: "button", "aria-expanded": String(isOpen), "aria-controls": id,
        "aria-label": `${row.task}, ${row.template}, ${row.row}` }, row.task);
    button.onclick = () => {
      const opens = button.getAttribute("aria-expanded") === "false";
      button.setAttribute("aria-expanded", String(opens));
      opened[opens ? "add" : "delete"](row.number);
      detail.hidden = !opens;
      if (opens && !cell.childNodes.length) cell.append(...inner(row));
    };
    const values = [button, row.template, row.row, verdicts(row), percent(row.sure),
      answers(row), cut(row.right)];
    const names = Object.values(COLUMNS);
    const line = element("tr", { role: "row", class: "line" }, ...values.map((value, i) =>
      element("td", { role: "cell", "data-name": names[i] }, ...[value].flat())));
    const cell = element("td", { role: "cell", colspan: "7" }, ...(isOpen ? inner(row) : []));
    const detail = element("tr", { role: "row", id, class: "detail" }, cell);
    detail.hidden = !isOpen;
    return [line, detail];
  }

  // What a row opens to.
  function inner(row) {
    const numbers = [...new Set(row.answers.filter(Boolean).map((one) => one.prompt))];
    const shots = new Set(pair.map((version) => row.of.shots[version]).filter((n) => n !== null));
    const setting = [row.of.kind, row.of.asked, `${[...shots].join(" → ")} exemplars`,
      `${row.of.split} split`, `cluster ${row.of.cluster}`, row.of.metric].join(" · ");
    const links = element("p", {},
      element("a", { href: addressOf(row, "task", "template", "row") }, "link to this prediction"),
      " · ", element("a", { href: addressOf(row, "task", "row") }, "this row under all templates"));
    const prompts = numbers.flatMap((number) => [
      element("h3", {}, numbers.length > 1 ? `Prompt of ${namesOf(row, number)}` : "Prompt"),
      number === undefined
        ? element("p", { class: "note" }, "This prompt is not in the page.")
        : element("pre", { tabindex: "0" }, data.prompts[number][0])]);
    const { input, target } = row.of.wording || {};
    const wording = input === undefined ? [] : [fold("Template's text", `${input}\n⟶ ${target}`)];
    return [element("p", { class: "note" }, setting), links, ...prompts, ...wording,
      element("div", { class: "sides" }, ...row.answers.flatMap((one, i) =>
        one ? [element("section", {}, ...answered(one, i))] : []))];
  }

  function namesOf(row, number) {
    const had = (_, i) => row.answers[i] && row.answers[i].prompt === number;
    return pair.filter(had).map((version) => data.versions[version]).join(", ");
  }

  function answered(answer, version) {
    const of = data.versions.length > 1 ? ` ${data.versions[pair[version]]}` : "";
    const title = element("h3", {}, `Answer${of}: `, marked(verdict(answer)));
    if (answer.choice !== undefined) return [title, options(answer)];
    const notes = [];
    if (answer.cut) notes.push("The limit of new tokens stopped it.");
    if (answer.unread) notes.push("No answer could be read in it.");
    else if (answer.read !== undefined) notes.push(`Read as: ${answer.read}`);
    if (answer.score !== undefined) notes.push(`Score: ${answer.score}`);
    return [title, element("pre", { tabindex: "0" }, answer.text || ""),
      ...notes.map((note) => element("p", { class: "note data" }, note)),
      element("p", { class: "data" }, element("strong", {}, "Right: "), right(answer)),
      ...more("Smaller questions", (answer.steps || []).map((step) => step.join("\n"))),
      ...more("Samples", (answer.samples || []).map((text, i) => {
        const vote = answer.votes && answer.votes[i];
        return `${vote === null || vote === undefined ? "no vote" : `vote ${vote}`}\n${text}`;
      }))];
  }

  function fold(title, ...texts) {
    return element("details", {}, element("summary", {}, title),
      ...texts.map((text) => element("pre", { tabindex: "0" }, text)));
  }

  function more(title, texts) {
    return texts.length ? [fold(`${title} (${texts.length})`, ...texts)] : [];
  }

  function options(answer) {
    const shares = answer.probabilities || [];
    const count = shares.length || (data.prompts[answer.prompt] || [0, []])[1].length ||
      1 + Math.max(answer.choice, answer.gold, ...(answer.also || []));
    const lines = Array.from({ length: count }, (_, i) => {
      const bar = element("span", { class: "bar", "aria-hidden": "true" });
      bar.style.width = `${Math.round(100 * (shares[i] || 0))}%`;
      const isRight = i === answer.gold || (answer.also || []).includes(i);
      const marks = [isRight && "right answer", i === answer.choice && "chosen"]
        .filter(Boolean).join(", ");
      return element("tr", {}, element("td", { class: "data" }, option(answer, i)),
        element("td", {}, percent(shares[i]), bar), element("td", {}, marks));
    });
    return element("table", { class: "options" },
      element("caption", {}, "Options as shown, with their probabilities"),
      element("thead", {}, element("tr", {},
        ...["option", "probability", ""].map((name) => element("th", { scope: "col" }, name)))),
      element("tbody", {}, ...lines));
  }

  // Listens, and shows what the address asks for.
  let waiting, typed = {};
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    const { name, value, validity } = event.target;
    if (validity && !validity.valid) return;
    clearTimeout(waiting);
    typed[name] = value;
    waiting = setTimeout(() => { change(typed); typed = {}; }, name === "q" ? 150 : 0);
  });
  form.addEventListener("reset", () => setTimeout(() => {
    opened.clear();
    change(Object.fromEntries(FIELDS.map((name) => [name, ""])));
  }));
  for (const head of root.querySelectorAll("th[data-key] button")) {
    const key = head.parentElement.dataset.key;
    head.onclick = () => change({ sort: state.sort === key ? `-${key}` : key });
  }
  function open() {
    state = fromAddress();
    choose();
    toForm();
    draw();
    if (Object.keys(state).length) root.scrollIntoView();
  }
  addEventListener("hashchange", open);
  if (data.versions.length < 2) {
    for (const one of form.querySelectorAll("option[data-two]")) one.remove();
  }
  part("pair").hidden = !chooses;
  const { first, second } = form.elements;
  for (const one of [first, second]) one.append(...data.versions.map(choice));
  part("swap").onclick = () => change({ first: second.value, second: first.value });
  for (const one of form.elements) one.disabled = false;
  open();
  root.dataset.ready = "yes";
})();
