// Starts the page: reads what it is told, shows one view at a time, and listens to the keyboard.

const page = JSON.parse(document.getElementById("document").textContent);
const VIEWS = { answer: answerView, timeline: timelineView, graph: graphView, budget: budgetView, ...(page.comparison ? { compare: comparisonView } : {}) };
const SEARCHED_VIEWS = ["timeline", "graph"];
const byId = (id) => document.getElementById(id);
let run = page.runs[0], open = "answer", made = {};

function searched() {
  return byId("search").value.trim();
}

function show(name) {
  open = name;
  for (const tab of byId("tabs").children) {
    tab.setAttribute("aria-selected", String(tab.id === `tab-${name}`));
    tab.tabIndex = tab.id === `tab-${name}` ? 0 : -1;
  }
  if (!made[name]) {
    const section = made[name] = VIEWS[name](run);
    section.id = name;
    section.setAttribute("role", "tabpanel");
    section.setAttribute("aria-labelledby", `tab-${name}`);
    byId("main").append(section);
  } else if (searched() !== made[name].words) made[name].search?.();
  for (const section of byId("main").children) section.hidden = section.id !== name;
  if (made[name].shown && !made[name].cy()) made[name].shown();
  made[name].words = searched();
}

function showRun(chosen) {
  run = chosen;
  made = {};
  closeDetail();
  byId("main").replaceChildren();
  for (const button of byId("runs").children) button.setAttribute("aria-pressed", String(button.id === `run-${run.id}`));
  byId("task").textContent = plain(shortly(run.task, 300)) || "(no task)";
  byId("about").textContent = [run.id, STATUSES[run.status] ?? run.status, run.model, `${count(run.items.filter((item) => item.is === "turn").length)} turns`,
    `${count(Object.keys(run.calls).length)} calls`].filter(Boolean).join(" · ");
  document.title = `${shortly(run.task, 60)} · khala`;
  show(open);
  prepareSearch(run);
}

function search() {
  if (!SEARCHED_VIEWS.includes(open)) return show("timeline");
  made[open].words = searched();
  made[open].search();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = ["INPUT", "SELECT"].includes(event.target.tagName) && event.target.type !== "checkbox";
  if (event.key === "Escape") {
    closeDetail();
    if (event.target === byId("search")) event.target.blur();
  } else if (!typing && event.key === "/") {
    event.preventDefault();
    byId("search").focus();
  } else if (!typing && Object.keys(VIEWS)[Number(event.key) - 1]) show(Object.keys(VIEWS)[Number(event.key) - 1]);
  else if (event.target.role === "tab" && ["ArrowLeft", "ArrowRight"].includes(event.key)) {
    const names = Object.keys(VIEWS), next = names.indexOf(open) + (event.key === "ArrowRight" ? 1 : -1);
    show(names[(next + names.length) % names.length]);
    byId(`tab-${open}`).focus();
  }
}

byId("tabs").append(...Object.keys(VIEWS).map((name, number) =>
  el("button", { id: `tab-${name}`, type: "button", role: "tab", "aria-controls": name, title: `key ${number + 1}`, onclick: () => show(name) }, name)));
if (page.runs.length > 1) {
  byId("runs").hidden = false;
  byId("runs").append(...page.runs.map((each, number) => el("button", { id: `run-${each.id}`, type: "button", onclick: () => showRun(each) }, `run ${number + 1}: ${each.id}`)));
  open = "compare";
}
byId("search").addEventListener("input", search);
document.addEventListener("keydown", onKey);
showRun(run);
