// The reasoning graph, drawn by Cytoscape.js: filtered by kind, trust and words, zoomed with mouse, fingers or keys.

const SHAPES = { task: "star", subgoal: "star", turn: "ellipse", thought: "round-tag", call: "round-rectangle", result: "barrel", recollection: "barrel", claim: "round-hexagon", answer: "round-octagon", attempt: "round-octagon", decision: "octagon" };
const HUES = { task: 0, subgoal: 0, turn: 220, thought: 260, call: 205, result: 165, recollection: 165, claim: 45, answer: 30, attempt: 30, decision: 350 };
const LABELS_FROM_PX = 7; // labels smaller than this on the screen are not drawn
const FAN_NODES = 60; // in a larger picture the links from the task to every turn are left out
const MARGIN = 30; // pixels at zoom 1
const DRAWN_AT_ONCE = 300; // nodes; drawing so many takes well under 100 ms, the rest follows once nobody types
const PAUSE_MS = 300;
const MANY_LINKS = 800; // from here on they have neither arrows nor words, and are not redrawn while the picture moves

function graphView(run) {
  const { nodes } = run.graph, kinds = [...new Set(nodes.map(([, kind]) => kind))];
  const boxes = kinds.map((kind) => el("input", { type: "checkbox", value: kind, checked: true }));
  const trust = el("select", { "aria-label": "trust of results" }, ["any trust", "trusted", "untrusted"].map((each) => el("option", {}, each)));
  const ground = el("input", { type: "checkbox", checked: nodes.length > OPENING_NODES && run.claims.length > 0 });
  const status = el("span", { class: "faint", role: "status" });
  const canvas = el("div", { id: "canvas", tabindex: "0", role: "application", "aria-label": "reasoning graph: + and - zoom, 0 fits, arrow keys go from node to node, enter opens one" });
  const button = (name, act) => el("button", { type: "button", onclick: act }, name);
  const section = el("section", { class: "wide" },
    el("div", { class: "bar" }, el("fieldset", { class: "kinds", "aria-label": "kinds of nodes" }, kinds.map((kind, number) => el("label", {}, boxes[number], ` ${kind}`)))),
    el("div", { class: "bar" }, el("label", {}, ground, " only what the answer rests on"), trust,
      el("span", {}, button("zoom in", () => zoom(1.3)), button("zoom out", () => zoom(1 / 1.3)), button("fit", () => fit(cy))), status),
    canvas);
  let cy = null, chosen = -1, shown = [];

  const zoom = (by) => cy.zoom({ level: cy.zoom() * by, renderedPosition: { x: canvas.clientWidth / 2, y: canvas.clientHeight / 2 } });
  const draw = () => {
    cy ??= makeCanvas(run, canvas);
    shown = visibleNodes(run, new Set(boxes.filter((box) => box.checked).map((box) => box.value)), trust.selectedIndex ? trust.value : "", ground.checked);
    chosen = -1;
    fill(cy, run, shown, (drawn) => {
      status.textContent = `${count(shown.length)} of ${count(nodes.length)} nodes${drawn < shown.length ? `, ${count(drawn)} drawn so far` : ""}`;
    });
  };
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "+") zoom(1.3);
    else if (event.key === "-") zoom(1 / 1.3);
    else if (event.key === "0") fit(cy);
    else if (event.key === "Enter" && chosen >= 0) showNode(run, nodes[shown[chosen]]);
    else if (step && shown.length) {
      cy.drawAll();
      chosen = (chosen + step + shown.length) % shown.length;
      cy.nodes().unselect();
      cy.center(cy.getElementById(String(shown[chosen])).select());
      status.textContent = plain(`${nodes[shown[chosen]][1]}: ${nodeLabel(run, nodes[shown[chosen]])}`);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  for (const each of [...boxes, trust, ground]) each.addEventListener("change", draw);
  section.search = draw;
  section.shown = draw; // the canvas needs its size, so nothing is drawn before it is in view
  section.cy = () => cy;
  return section;
}

function visibleNodes(run, kinds, trust, onlyGround) {
  const low = searched().toLowerCase();
  run.ground ??= groundOf(run.graph);
  run.nodeTexts ??= [];
  const visible = [];
  run.graph.nodes.forEach((node, number) => {
    if (!kinds.has(node[1]) || (trust && node[2] && node[2] !== trust) || (onlyGround && !run.ground.has(number))) return;
    if (low && !(run.nodeTexts[number] ??= `${node[0]} ${nodeText(run, node)}`.toLowerCase()).includes(low)) return;
    visible.push(number);
  });
  return visible;
}

// Draws some nodes now, those the answer rests on first, and more whenever nobody types; `told` hears how many stand.
function fill(cy, run, shown, told) {
  const places = placesOf(run, shown), nodes = new Set(), edges = new Set();
  const order = [...shown].sort((one, other) => run.ground.has(other) - run.ground.has(one));
  const draw = (most) => {
    const next = order.slice(nodes.size, nodes.size + most);
    for (const number of next) nodes.add(number);
    cy.add([...next.map((number) => nodeElement(run, number, places.get(number))), ...edgeElements(run, nodes, edges, shown.length > FAN_NODES)]);
    told(nodes.size);
  };
  const drawMore = () => {
    draw(DRAWN_AT_ONCE);
    if (nodes.size < order.length) cy.later = setTimeout(drawMore, PAUSE_MS);
  };
  clearTimeout(cy.later);
  cy.drawAll = () => {
    clearTimeout(cy.later);
    if (nodes.size < order.length) draw(order.length);
  };
  cy.batch(() => { cy.elements().remove(); drawMore(); });
  cy.spots = [...places.values()];
  fit(cy);
}

function nodeElement(run, number, position) {
  const node = run.graph.nodes[number], claim = node[1] === "claim" ? run.claims[nameIn(node[0]) - 1] : null;
  run.labels ??= [];
  return { group: "nodes", position, data: { id: String(number), kind: node[1], trust: node[2], degree: claim?.degree ?? "", label: (run.labels[number] ??= plain(nodeLabel(run, node))) } };
}

// The links between nodes that stand, but for those in `drawn`, which takes them in.
function edgeElements(run, nodes, drawn, isFan) {
  const elements = [];
  for (const [source, target, kind] of run.graph.links) {
    const id = `${source} ${target} ${kind}`;
    if (!nodes.has(source) || !nodes.has(target) || drawn.has(id)) continue;
    if (isFan && kind === "asked" && run.graph.nodes[source][1] === "task") continue; // to each turn: a fan that hides the rest
    if (kind === "produced" && run.graph.nodes[target][1] === "claim" && run.graph.nodes[source][1] === "turn") continue; // the answer leads there too
    drawn.add(id);
    elements.push({ group: "edges", data: { id, source: String(source), target: String(target), kind, says: ["asked", "produced"].includes(kind) ? "" : spaced(kind) } });
  }
  return elements;
}

// Like `cy.fit`, from the places alone: measuring every label, as it does, takes a second in a large graph.
function fit(cy) {
  const xs = cy.spots.map((spot) => spot.x), ys = cy.spots.map((spot) => spot.y);
  const left = least(xs) - MARGIN, right = -least(xs.map((x) => -x)) + LANE_WIDTH, top = least(ys) - MARGIN, bottom = -least(ys.map((y) => -y)) + MARGIN;
  const zoom = Math.min(1.2, cy.width() / (right - left), cy.height() / (bottom - top));
  cy.viewport({ zoom, pan: { x: (cy.width() - zoom * (left + right)) / 2, y: (cy.height() - zoom * (top + bottom)) / 2 } });
}

function least(numbers) {
  return numbers.reduce((one, other) => Math.min(one, other), Infinity);
}

function makeCanvas(run, container) {
  const many = run.graph.links.length > MANY_LINKS;
  const cy = cytoscape({ container, layout: { name: "preset" }, autoungrabify: true, boxSelectionEnabled: false, minZoom: 0.02, maxZoom: 4,
    hideEdgesOnViewport: many, textureOnViewport: many, pixelRatio: many ? 1 : "auto", style: graphStyle(many) });
  cy.on("tap", "node", (event) => showNode(run, run.graph.nodes[Number(event.target.id())]));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => cy.style(graphStyle(many)));
  return cy;
}

function graphStyle(many) {
  const css = getComputedStyle(document.documentElement), colour = (name) => css.getPropertyValue(name).trim();
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const kinds = Object.keys(SHAPES).map((kind) => ({ selector: `node[kind = "${kind}"]`, style: { shape: SHAPES[kind], "background-color": `hsl(${HUES[kind]}, 45%, ${dark ? 45 : 62}%)` } }));
  return [
    { selector: "node", style: { label: "data(label)", color: colour("--text"), "font-size": 11, width: 22, height: 18, "text-valign": "center", "text-halign": "right", "text-margin-x": 4, "min-zoomed-font-size": LABELS_FROM_PX, "background-color": colour("--faint"),
      ...(many ? {} : { "text-background-color": colour("--ground"), "text-background-opacity": 0.75 }) } },
    ...kinds,
    { selector: 'node[trust = "untrusted"]', style: { "border-width": 2, "border-style": "dashed", "border-color": colour("--partly") } },
    { selector: 'node[degree = "unsupported"], node[degree = "contradicted"]', style: { "border-width": 3, "border-color": colour("--bad") } },
    { selector: "node:selected", style: { "border-width": 4, "border-style": "solid", "border-color": colour("--accent") } },
    { selector: "edge", style: { width: 1.2, "line-color": colour("--line"), "target-arrow-color": colour("--line"), "target-arrow-shape": "triangle", "arrow-scale": 0.7, "curve-style": many ? "haystack" : "straight", "haystack-radius": 0, label: many ? "" : "data(says)", "font-size": 9, color: colour("--faint"), "min-zoomed-font-size": 8 } },
    { selector: 'edge[kind = "supports"]', style: { width: 2, "line-color": colour("--good"), "target-arrow-color": colour("--good") } },
    { selector: 'edge[kind = "contradicts"], edge[kind = "blocked_by"]', style: { width: 2, "line-style": "dashed", "line-color": colour("--bad"), "target-arrow-color": colour("--bad") } },
    { selector: 'edge[kind = "used_value"], edge[kind = "recalls"], edge[kind = "derived_from"]', style: { "line-style": "dotted", "line-color": colour("--accent"), "target-arrow-color": colour("--accent") } },
  ];
}

function showNode(run, node) {
  const [id, kind] = node, name = nameIn(id);
  if (["call", "result", "decision"].includes(kind)) return showCall(run, name);
  if (kind === "claim" && run.claims[name - 1]) return showSentence(run, run.claims[name - 1]);
  openDetail(spaced(kind) + (kind === "task" || kind === "recollection" ? "" : ` ${name}`), resultText(nodeText(run, node)));
}
