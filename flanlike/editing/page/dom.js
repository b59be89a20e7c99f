// Elements by name. What comes from rows and files becomes text, and nothing else.

let count = 0;

export function el(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && name !== "list" && name !== "form") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// A control with its label around it: every control of the page has one.
export function labelled(text, control, kind = "") {
  return el("label", { className: kind }, `${text} `, control);
}

export function button(text, press, given = {}) {
  return el("button", { type: "button", onclick: press, ...given }, text);
}

export function select(options, value, change, given = {}) {
  const made = el("select", { onchange: () => change(made.value), ...given });
  for (const [key, text] of options) made.append(el("option", { value: key }, text));
  made.value = value;
  return made;
}

// A name that may be broken behind its underscores where there is no room.
export function breakable(name) {
  return name.split(/(?<=_)/).flatMap((part, place) => (place ? [el("wbr"), part] : [part]));
}

export function uniqueId(name) {
  count += 1;
  return `${name}-${count}`;
}

export function say(text, isWrong = false) {
  const status = document.getElementById("status");
  status.textContent = text;
  status.className = isWrong ? "wrong" : "";
}

// What puts the focus back to where it is now, if that is still there.
export function back() {
  const here = document.activeElement;
  return () => here && here.isConnected && here.focus();
}

export function waitThen(milliseconds, act) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, milliseconds);
  };
}
