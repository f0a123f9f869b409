// How context and budget grew from turn to turn: two charts, and the figures as a table.

const CHART = { width: 760, height: 250, left: 70, right: 150, top: 14, bottom: 30 };
const DASHES = ["", "7 4", "2 3", "10 3 2 3", "4 6", "12 4"]; // lines differ by dash, not by colour alone
const COLOURS = ["--accent", "--good", "--partly", "--bad", "--faint", "--text"];

function budgetView(run) {
  const { budget } = run, parts = [];
  if (budget.context.some((tokens) => tokens > 0)) {
    parts.push(el("h2", {}, `Context of each prompt, tokens${budget.is_context_measured ? "" : " (partly estimated from characters)"}`),
      chart("context size by turn", budget.turns, [{ name: "context", values: budget.context }], budget.limits.context_tokens, count));
  }
  const lines = Object.entries(budget.used).filter(([name]) => budget.limits[name] && name !== "rollbacks_in_a_row").map(([name, values]) =>
    ({ name: spaced(name), values: values.map((value) => 100 * value / budget.limits[name]) }));
  if (budget.turns.length && lines.length) {
    parts.push(el("h2", {}, "Budget used, percent of each limit"), chart("budget used by turn", budget.turns, lines, 0, (value) => `${Math.round(value)} %`));
  }
  if (!parts.length) parts.push(el("p", { class: "faint" }, "The log does not say how the context grew."));
  return el("section", {}, parts, el("h2", {}, "Spent"), spentTable(budget));
}

function spentTable(budget) {
  const names = Object.keys(budget.spent).filter((name) => budget.spent[name] || budget.limits[name]);
  const written = (value) => value === null || value === undefined ? "" : Number.isInteger(value) ? count(value) : value.toFixed(2);
  return el("table", {}, el("tr", {}, ["", "used", "limit"].map((each) => el("th", { scope: "col" }, each))),
    names.map((name) => el("tr", {}, el("th", { scope: "row" }, spaced(name)), el("td", { class: "number" }, written(budget.spent[name])),
      el("td", { class: "number" }, written(budget.limits[name]) || "none"))));
}

// Lines over turns. Where there is only one turn a line is a dot.
function chart(about, turns, lines, limit, written) {
  const { width, height, left, right, top, bottom } = CHART;
  const most = Math.max(1e-9, ...lines.map((line) => line.values.reduce((one, other) => Math.max(one, other), 0)));
  const showsLimit = limit && limit <= most * 3, ceiling = showsLimit ? Math.max(most, limit) : most;
  const x = (place) => left + (width - left - right) * (turns.length > 1 ? place / (turns.length - 1) : 0);
  const y = (value) => height - bottom - (height - top - bottom) * value / ceiling;
  const drawn = svg("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `${about}: ${lines.map((line) => `${line.name} ends at ${written(line.values.at(-1))}`).join(", ")}` });
  for (const part of [0, 0.5, 1]) {
    drawn.append(svg("line", { class: "axis", x1: left, x2: width - right, y1: y(part * ceiling), y2: y(part * ceiling) }),
      svg("text", { x: left - 6, y: y(part * ceiling) + 4, "text-anchor": "end" }, written(part * ceiling)));
  }
  drawn.append(svg("text", { x: left, y: height - 8 }, `turn ${turns[0]}`), svg("text", { x: width - right, y: height - 8, "text-anchor": "end" }, `turn ${turns.at(-1)}`));
  if (showsLimit) drawn.append(svg("line", { class: "limit", x1: left, x2: width - right, y1: y(limit), y2: y(limit) }), svg("text", { x: width - right + 6, y: y(limit) + 4 }, `limit ${written(limit)}`));
  const names = lines.map((line, number) => ({ line, number, at: y(line.values.at(-1)) })).sort((one, other) => one.at - other.at);
  let lowest = -Infinity;
  for (const { line, number, at } of names) {
    const colour = getComputedStyle(document.documentElement).getPropertyValue(COLOURS[number % COLOURS.length]).trim();
    const points = line.values.map((value, place) => `${x(place).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    lowest = Math.max(at, lowest + 14); // names of lines that end together stand under each other
    drawn.append(svg("polyline", { points, fill: "none", stroke: colour, "stroke-width": 2, "stroke-dasharray": DASHES[number % DASHES.length] }),
      svg("circle", { cx: x(line.values.length - 1), cy: at, r: 3, fill: colour }),
      svg("text", { x: width - right + 8, y: lowest + 4 }, `${line.name} ${written(line.values.at(-1))}`));
  }
  return drawn;
}
