// Words the page says about values of a log. A value it has no words for is shown as it is.

const DEGREES = {
  quoted: "word for word in a result",
  supported: "a result carries it",
  partly: "results carry only parts of it",
  unsupported: "no result carries it",
  contradicted: "a result says otherwise",
};

const NOTHING = {
  rolled_back: "its turn was rolled back",
  failed: "nothing came of it: it failed",
  stopped: "nothing came of it: it was stopped",
  unused: "the answer does not need it",
};

const BECAUSE = {
  "not seen": "the other run saw no result that says it",
  "left out": "the other run saw it and left it out",
  contradicted: "the other run's results say otherwise",
  "no evidence": "neither run has evidence for it",
};

const STATUSES = {
  answered: "answered",
  best_effort: "best effort",
  unanswered: "no answer",
  unfinished: "not ended",
};

const FOLLOWS = {
  told: "the model was told",
  answer: "the search ends with an answer",
};

function spaced(name) {
  return String(name).replaceAll("_", " ");
}

function seconds(ms) {
  if (ms === null || ms === undefined) return "";
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60000)} min ${Math.floor((ms % 60000) / 1000)} s`;
}

// A value of an argument or of an event, in one line.
function shortly(value, most = 120) {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "";
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > most ? line.slice(0, most - 1) + "…" : line;
}

function argumentsOf(call, most = 120) {
  return shortly(Object.entries(call.arguments).map(([name, value]) => `${name}=${shortly(value, most)}`).join(" "), most);
}

function effectOf(decided) {
  const { effect, approved } = decided;
  const word = effect === "allow" ? "allowed" : effect === "deny" ? "denied" : effect !== "ask" ? effect
    : approved === null ? "asked, nobody answered" : approved ? "asked and approved" : "asked and refused";
  return `${word} by ${decided.rules.join(", ") || "no rule"}`;
}

function isStopped(decided) {
  return Boolean(decided) && (decided.effect === "deny" || (decided.effect === "ask" && !decided.approved));
}

function resultWords(result) {
  if (!result) return "no result";
  return `${result.status}, ${count(result.chars)} characters, ${result.trust}`;
}
