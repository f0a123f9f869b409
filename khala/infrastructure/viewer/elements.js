// Elements of the page. Text becomes a text node and nothing else, so no text can become markup; characters that turn
// the direction of what follows are spelled out, so that no text can show itself or its neighbours otherwise than it is.

const SVG = "http://www.w3.org/2000/svg";

const TURNING = /[\u202a-\u202e\u2066-\u2069]/g;

function plain(text) {
  return String(text).replace(TURNING, (found) => `\\u${found.charCodeAt(0).toString(16)}`);
}

function el(name, attributes, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key === "onclick") made.addEventListener("click", value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...content.flat(2).filter((each) => each !== null && each !== undefined && each !== "").map((each) => each instanceof Node ? each : plain(each)));
  return made;
}

function svg(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

// What a log says, in its own direction.
function said(text, name = "p") {
  return el(name, { class: "said", dir: "auto" }, text);
}

// A long text, cut with a button that shows the rest.
function cut(text, most) {
  if (text.length <= most) return said(text);
  const shown = said(text.slice(0, most) + " …");
  const more = el("button", { class: "more", type: "button", onclick: () => {
    shown.textContent = plain(text);
    more.remove();
  } }, `all ${count(text.length)} characters`);
  return el("div", {}, shown, more);
}

function count(number) {
  return Math.round(number).toLocaleString("en");
}
