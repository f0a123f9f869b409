// The panel beside the views: a sentence with its passages, a call with its result, a node of the graph.

const AROUND = 10000; // characters of a longer text that are shown on each side of a passage, until all is asked for

function openDetail(title, ...content) {
  const panel = document.getElementById("detail");
  const close = el("button", { type: "button", "aria-label": "close details", onclick: closeDetail }, "close (Esc)");
  panel.replaceChildren(el("div", { class: "detail-head" }, el("h3", { dir: "auto" }, title), close), ...content.flat());
  panel.hidden = false;
  panel.scrollTop = 0;
  panel.querySelector("mark")?.scrollIntoView({ block: "center" });
}

function closeDetail() {
  document.getElementById("detail").hidden = true;
  for (const each of document.querySelectorAll(".sentence[aria-expanded=true]")) each.setAttribute("aria-expanded", "false");
}

// The text of a result with one passage marked; of a very long one first what stands around the passage.
function resultText(text, passage) {
  const { start, end } = passage ?? { start: 0, end: 0 };
  const shown = el("pre", { class: "said", dir: "auto", tabindex: "0" });
  const fill = (from, to) => shown.replaceChildren(
    from > 0 ? "… " : "", plain(text.slice(from, start)), ...(end > start ? [el("mark", {}, text.slice(start, end))] : []),
    plain(text.slice(end, to)), to < text.length ? " …" : "");
  const from = Math.max(0, start - AROUND), to = Math.min(text.length, end + AROUND);
  fill(from, to);
  if (from === 0 && to === text.length) return shown;
  const more = el("button", { class: "more", type: "button", onclick: () => { fill(0, text.length); more.remove(); } },
    `all ${count(text.length)} characters`);
  return el("div", {}, shown, more);
}

function textOf(run, callId) {
  return page.texts[run.calls[callId]?.result?.digest] ?? "";
}

function showSentence(run, claim) {
  const sentence = run.answer.slice(claim.start, claim.end);
  const told = [el("p", {}, el("span", { class: `degree ${claim.degree}` }, claim.degree), DEGREES[claim.degree] ?? "")];
  if (claim.sources.length === 1) told.push(el("p", { class: "faint" }, "only one source says it: ", el("bdi", {}, claim.sources[0])));
  if (claim.sources.length > 1) told.push(el("p", { class: "faint" }, `${claim.sources.length} independent sources: `, el("bdi", {}, claim.sources.join(", "))));
  if (claim.missing.length) told.push(el("p", { class: "bad" }, "nothing carries: ", el("bdi", {}, claim.missing.join("; "))));
  if (claim.cites.length) told.push(el("p", { class: "faint" }, `cites ${claim.cites.join(", ")}`));
  openDetail(shortly(sentence, 200), told,
    claim.against.map((each) => passageOf(run, each, "says otherwise")),
    claim.supports.map((each) => passageOf(run, each, "carries it")));
}

function passageOf(run, passage, how) {
  const call = run.calls[passage.result];
  const about = [el("b", { class: how === "carries it" ? "good" : "bad" }, how), passage.part ? `: ${passage.part}` : "",
    passage.differs ? `: ${passage.differs}` : ""];
  return el("div", { class: "evidence" },
    el("p", {}, about, " · ", callButton(run, passage.result), el("span", { class: "faint" }, ` ${call ? resultWords(call.result) : ""}`),
      passage.document ? [" · ", el("bdi", {}, passage.document)] : ""),
    resultText(textOf(run, passage.result), passage));
}

function callButton(run, callId) {
  const call = run.calls[callId];
  return el("button", { class: "call", type: "button", onclick: () => showCall(run, callId) }, el("bdi", {}, call ? call.tool || "(unnamed tool)" : callId));
}

function showCall(run, callId) {
  const call = run.calls[callId];
  if (!call) return openDetail(callId, el("p", {}, "a result of another run; its text is not in this log"));
  const { result, decided } = call;
  const carried = run.claims.filter((claim) => claim.supports.some((each) => each.result === callId));
  const parts = [
    el("p", { class: "faint" }, callId, call.turn ? ` · turn ${call.turn}` : "", result?.elapsed_ms ? ` · ${seconds(result.elapsed_ms)}` : ""),
    call.nothing ? el("p", { class: "warn" }, NOTHING[call.nothing] ?? spaced(call.nothing)) : null,
    el("h3", {}, "arguments"), said(JSON.stringify(call.arguments, null, 2), "pre"),
    decided ? [el("h3", {}, "decision"), decisionOf(decided)] : null,
    el("h3", {}, `result: ${resultWords(result)}`),
    result?.origins.length ? el("p", { class: "faint" }, `origins: ${result.origins.join(", ")}`) : null,
    result?.derived_from.length ? el("p", {}, "repeats words of ", result.derived_from.map((each) => callButton(run, each))) : null,
    result ? resultText(textOf(run, callId)) : null,
    carried.length ? [el("h3", {}, "carries"), carried.map((claim) => sentenceOf(run, claim))] : null,
  ];
  openDetail(call.tool || "(unnamed tool)", ...parts.flat().filter(Boolean));
}

function sentenceOf(run, claim) {
  return el("p", {}, el("button", { type: "button", class: `sentence ${claim.degree}`, dir: "auto", onclick: () => showSentence(run, claim) },
    run.answer.slice(claim.start, claim.end)), el("span", { class: `degree ${claim.degree}` }, claim.degree));
}

// What the guard said, with the values that made it so and where they come from.
function decisionOf(decided) {
  const offences = decided.offences.map((each) => el("p", { class: "offence" },
    el("code", {}, each.path), ` (${each.role}) = `, el("code", { dir: "auto" }, shortly(each.value, 200)),
    `: origin ${each.origins.join(", ") || "nowhere"}`, each.sources.length ? `, stands in ${each.sources.join(", ")}` : "",
    `; rule ${each.rule} does not accept it`));
  const endorsed = (decided.endorsements ?? []).map((each) => el("p", { class: "offence" }, `endorsed from here on: ${shortly(each, 200)}`));
  return el("div", {}, el("p", { class: isStopped(decided) ? "bad" : "faint" }, effectOf(decided), decided.reason ? ": " : "", el("bdi", {}, decided.reason)), offences, endorsed);
}
