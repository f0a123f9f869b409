// The turns in order, dead branches beside the trunk; filtered by kind and searched in every text of the run.

const FILTERS = {
  everything: () => true,
  "stopped by the guard": (run, item) => callsOf(run, item).some((call) => isStopped(call.decided)),
  "rolled back": (run, item) => Boolean(item.rolled_back),
  failed: (run, item) => callsOf(run, item).some((call) => ["failed", "timeout", "unknown"].includes(call.result?.status)),
  "not needed for the answer": (run, item) => callsOf(run, item).some((call) => call.nothing === "unused"),
  "findings of verifiers": (run, item) => item.kind === "verified",
  events: (run, item) => item.is === "event",
};
const SAID_CHARS = 500; // of what the model said, what a turn shows before it is asked for more
const CALLS_SHOWN = 60; // of one turn

function callIdsOf(item) {
  return item.is === "turn" ? item.calls : item.is === "call" ? [item.call] : [];
}

function callsOf(run, item) {
  return callIdsOf(item).map((callId) => run.calls[callId]).filter(Boolean);
}

// Everything an item says, in its pieces; made once, when the first search needs it.
function textsOf(run, item) {
  item.texts ??= [
    item.text, item.thinking, item.rolled_back?.note, item.kind && spaced(item.kind), item.about && JSON.stringify(item.about), page.texts[item.about?.digest],
    ...callsOf(run, item).flatMap((call) => [call.tool, JSON.stringify(call.arguments), call.decided?.reason, page.texts[call.result?.digest]]),
    ...callIdsOf(item),
  ].filter(Boolean);
  return item.texts;
}

function lowOf(run, item) {
  item.low ??= textsOf(run, item).map((text) => text.toLowerCase());
  return item.low;
}

// The first text of an item that holds the words looked for, and where.
function foundIn(run, item, low) {
  const lows = lowOf(run, item);
  for (let number = 0; number < lows.length; number += 1) {
    const at = lows[number].indexOf(low);
    if (at >= 0) return { text: item.texts[number], at };
  }
  return null;
}

// While nobody types, the texts are made ready for the first search.
function prepareSearch(run, from = 0) {
  requestIdleCallback((idle) => {
    let number = from;
    while (number < run.items.length && idle.timeRemaining() > 4) lowOf(run, run.items[number++]);
    if (number < run.items.length) prepareSearch(run, number);
  });
}

function timelineView(run) {
  const status = el("span", { class: "faint", role: "status" });
  const choice = el("select", { "aria-label": "show" }, Object.keys(FILTERS).map((name) => el("option", {}, name)));
  const rows = run.items.map((item) => itemRow(run, item));
  const list = el("div", { class: "timeline", role: "list" }, rows); // an <ol> numbers its items anew for each one hidden
  const apply = () => {
    const low = searched().toLowerCase(), keep = FILTERS[choice.value];
    let shown = 0;
    run.items.forEach((item, number) => {
      const found = keep(run, item) && (!low || foundIn(run, item, low));
      rows[number].hidden = !found;
      if (!found) return;
      shown += 1;
      snippet(rows[number], low && found, low.length);
    });
    status.textContent = low || choice.selectedIndex ? `${count(shown)} of ${count(rows.length)} entries` : `${count(rows.length)} entries`;
  };
  choice.addEventListener("change", apply);
  const section = el("section", {}, el("div", { class: "bar" }, el("label", {}, "show ", choice), status),
    rows.length ? list : el("p", { class: "faint" }, "Nothing happened yet."));
  section.search = apply;
  apply();
  return section;
}

function snippet(row, found, length) {
  row.snippet?.remove();
  row.snippet = null;
  if (!found) return;
  const { text, at } = found; // a few letters grow when they are made low; the mark is then a little off
  const from = Math.max(0, at - 60), end = at + length;
  row.snippet = el("div", { class: "snippet", dir: "auto" }, from ? "…" : "", text.slice(from, at), el("mark", {}, text.slice(at, end)), text.slice(end, end + 100), "…");
  row.append(row.snippet);
}

function itemRow(run, item) {
  if (item.is === "call") return el("div", { role: "listitem" }, timeOf(item), callRow(run, item.call));
  if (item.kind === "verified") return verifiedRow(run, item);
  if (item.is === "event") return eventRow(item);
  const back = item.rolled_back;
  return el("div", { role: "listitem", class: back ? "turn dead" : "turn" },
    el("div", { class: "head" }, `turn ${item.turn}`, item.is_draft ? ": a draft of the answer" : "",
      back ? el("span", { class: "bad" }, ` rolled back: ${spaced(back.cause)}`) : "", timeOf(item),
      item.tokens ? el("span", { class: "at" }, `${count(item.tokens)} tokens`) : "",
      item.finish !== "stop" ? el("span", { class: "at bad" }, `ended by ${item.finish}`) : ""),
    item.thinking ? el("details", {}, el("summary", { class: "faint" }, "thinking"), cut(item.thinking, 4000)) : "",
    item.text.trim() ? cut(item.text, SAID_CHARS) : "",
    item.malformed.map((each) => el("p", { class: "bad" }, "could not be read as a call: ", el("bdi", {}, shortly(each, 300)))),
    callRows(run, item.calls), back ? el("p", { class: "faint" }, "the model was told: ", el("bdi", {}, back.note)) : "");
}

function callRows(run, callIds) {
  if (!callIds.length) return "";
  const list = el("ul", { class: "calls" }, callIds.slice(0, CALLS_SHOWN).map((callId) => el("li", {}, callRow(run, callId))));
  if (callIds.length <= CALLS_SHOWN) return list;
  const more = el("button", { class: "more", type: "button", onclick: () => {
    list.append(...callIds.slice(CALLS_SHOWN).map((callId) => el("li", {}, callRow(run, callId))));
    more.remove();
  } }, `all ${callIds.length} calls`);
  return el("div", {}, list, more);
}

function callRow(run, callId) {
  const call = run.calls[callId];
  const { decided, result } = call;
  return el("div", {}, callButton(run, callId), " ", el("code", { dir: "auto" }, argumentsOf(call)),
    el("span", { class: `tag ${result?.status === "ok" ? "good" : "warn"}` }, `→ ${resultWords(result)}`),
    call.nothing ? el("span", { class: "tag faint" }, `· ${NOTHING[call.nothing] ?? spaced(call.nothing)}`) : "",
    decided && (isStopped(decided) || decided.offences.length || decided.effect === "ask") ? decisionOf(decided)
      : decided ? el("span", { class: "tag faint" }, `· ${effectOf(decided)}`) : "");
}

// What verifiers found in a turn or a draft, and what came of it.
function verifiedRow(run, item) {
  const { about } = item, failures = Object.entries(about.failures);
  return el("div", { role: "listitem", class: "event" },
    el("div", { class: "head" }, `${about.place === "answer" ? "draft" : "turn"} ${about.turn} verified by ${about.verifiers.join(", ")}: `,
      el("span", { class: about.findings.length ? "warn" : "good" }, about.findings.length ? `${count(about.findings.length)} finding${about.findings.length > 1 ? "s" : ""}` : "nothing found"),
      FOLLOWS[about.follows] ? `; ${FOLLOWS[about.follows]}` : "", timeOf(item)),
    about.findings.map((each) => el("div", { class: "offence" }, `${each.verifier}: `, el("bdi", {}, each.note),
      each.quote ? el("p", { class: "said", dir: "auto" }, `“${shortly(each.quote, 300)}”`) : "",
      each.passages.map((passage) => [" ", callButton(run, passage.result_id)]))),
    failures.map(([name, error]) => el("div", { class: "offence bad" }, `${name} broke and is asked no more: `, el("bdi", {}, error))),
    readButton(item));
}

function readButton(item) {
  const text = page.texts[item.about.digest];
  return text ? el("button", { class: "more", type: "button", onclick: () => openDetail(spaced(item.kind), resultText(text)) }, "read it") : "";
}

// An event of any kind, those of later versions included: its name and its fields.
function eventRow(item) {
  const fields = Object.entries(item.about).filter(([, value]) => value !== "" && value !== null && !(Array.isArray(value) && !value.length));
  return el("div", { role: "listitem", class: "event" }, el("div", { class: "head" }, spaced(item.kind), timeOf(item)),
    fields.map(([name, value]) => el("div", { class: "offence" }, `${spaced(name)}: `, el("bdi", { class: "said" }, shortly(value, 300)))),
    readButton(item));
}

function timeOf(item) {
  return item.at_ms === null ? "" : el("span", { class: "at" }, `+${seconds(item.at_ms)}`);
}
