// Which nodes of the graph are drawn, what is written beside them, and where they stand: one row a call, turn under
// turn, wrapped into columns like the lines of a newspaper, so that the order of the run can be read off the picture.

const LANES = { task: 0, subgoal: 0, turn: 0, thought: 1, attempt: 1, call: 2, decision: 3, result: 3, recollection: 3 };
const LANE_WIDTH = 190, ROW_HEIGHT = 46, COLUMN_GAP = 60; // pixels at zoom 1
const BREADTH = 1.6; // of the whole picture to its height
const OPENING_NODES = 300; // of a larger graph, only what the answer rests on is drawn at first

// The nodes an answer rests on: from its sentences to the results, their calls, and the results those used.
function groundOf(graph) {
  const into = graph.nodes.map(() => []), from = graph.nodes.map(() => []);
  for (const [source, target, kind] of graph.links) {
    into[target].push([source, kind]);
    from[source].push([target, kind]);
  }
  const reached = new Set(), waiting = graph.nodes.map((node, number) => number).filter((number) => ["claim", "task", "answer"].includes(graph.nodes[number][1]));
  while (waiting.length) {
    const number = waiting.pop();
    if (reached.has(number)) continue;
    reached.add(number);
    for (const [source, kind] of into[number]) {
      if (["supports", "contradicts"].includes(kind) || (kind === "asked" && graph.nodes[source][1] !== "task") ||
          (kind === "produced" && ["call", "turn"].includes(graph.nodes[source][1]))) waiting.push(source);
    }
    for (const [target, kind] of from[number]) {
      if (["used_value", "recalls", "repeats", "delegated_to"].includes(kind) || (kind === "derived_from" && graph.nodes[number][1] === "claim")) waiting.push(target);
    }
  }
  return reached;
}

function nameIn(id) {
  return id.slice(id.indexOf(":") + 1);
}

// What a node says, for its label and for the search.
function nodeText(run, [id, kind, , own]) {
  const name = nameIn(id);
  switch (kind) {
    case "task": return run.task;
    case "turn": return `turn ${name}`;
    case "thought": case "attempt": {
      run.byTurn ??= new Map(run.items.filter((item) => item.is === "turn").map((item) => [String(item.turn), item]));
      const item = run.byTurn.get(name);
      return [item?.text, item?.thinking].filter(Boolean).join("\n");
    }
    case "call": return run.calls[name] ? `${run.calls[name].tool} ${argumentsOf(run.calls[name])}` : name;
    case "result": return textOf(run, name);
    case "claim": { const claim = run.claims[name - 1]; return claim ? run.answer.slice(claim.start, claim.end) : name; }
    case "answer": return run.answer;
    case "decision": return run.calls[name]?.decided ? `${effectOf(run.calls[name].decided)} ${run.calls[name].decided.reason}` : name;
    case "recollection": return "evidence recalled";
    default: return own || name;
  }
}

function nodeLabel(run, node) {
  const [id, kind] = node, name = nameIn(id);
  if (kind === "result") return run.calls[name] ? `${run.calls[name].result?.status ?? "no result"} ${shortly(textOf(run, name), 22)}` : name;
  if (kind === "call") return shortly(`${run.calls[name]?.tool ?? name} ${run.calls[name] ? argumentsOf(run.calls[name]) : ""}`, 28);
  if (kind === "decision") return "stopped: " + shortly(run.calls[name]?.decided?.rules.join(", ") ?? "", 18);
  return shortly(nodeText(run, node), 28);
}

function laneOf(run, number) {
  return LANES[run.graph.nodes[number][1]] ?? 3;
}

// Places for the nodes with these numbers. A turn takes a row for each of its calls; sentences stand in the last column.
function placesOf(run, numbers) {
  const rows = [], rowOf = new Map(), claims = [];
  const row = (key) => {
    if (!rowOf.has(key)) { rowOf.set(key, rows.length); rows.push([]); }
    return rows[rowOf.get(key)];
  };
  const turnsSeen = new Map();
  for (const number of numbers) {
    const [id, kind] = run.graph.nodes[number], name = nameIn(id);
    if (["claim", "answer"].includes(kind)) { claims.push(number); continue; }
    if (["call", "result", "decision"].includes(kind)) {
      // the first call of a turn shares the turn's row
      const turn = run.calls[name]?.turn, own = turn && !turnsSeen.has(turn) ? `turn ${turn}` : `call ${name}`;
      if (turn && own === `turn ${turn}`) turnsSeen.set(turn, name);
      row(turn && turnsSeen.get(turn) === name ? `turn ${turn}` : own).push(number);
    } else row(["turn", "thought", "attempt"].includes(kind) ? `turn ${name}` : id).push(number);
  }
  const lanes = [...new Set(rows.flat().map((number) => laneOf(run, number)))].sort(); // empty lanes take no room
  const places = new Map(), columnWidth = lanes.length * LANE_WIDTH + COLUMN_GAP;
  const perColumn = Math.max(12, Math.ceil(Math.sqrt(rows.length * columnWidth / ROW_HEIGHT / BREADTH)));
  rows.forEach((each, line) => {
    const column = Math.floor(line / perColumn), y = (line % perColumn) * ROW_HEIGHT;
    for (const number of each) {
      const x = column * columnWidth + lanes.indexOf(laneOf(run, number)) * LANE_WIDTH;
      places.set(number, { x, y: run.graph.nodes[number][1] === "decision" ? y + ROW_HEIGHT / 3 : y });
    }
  });
  const lastX = Math.ceil(rows.length / perColumn) * columnWidth;
  claims.forEach((number, line) => places.set(number, { x: lastX, y: line * ROW_HEIGHT }));
  return places;
}
