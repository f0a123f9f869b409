// Two runs side by side: both answers, where the runs part, and why the answers differ.

function comparisonView() {
  const { comparison, runs } = page;
  const named = runs.map((run, number) => `run ${number + 1}`);
  const parted = comparison.divergence;
  const call = (run, callId) => callId ? [callButton(run, callId), " ", el("code", { dir: "auto" }, argumentsOf(run.calls[callId]))] : "no further call";
  return el("section", { class: "wide" },
    el("div", { class: "columns" }, runs.map((run, number) => el("div", {}, el("h2", {}, `${named[number]}: ${run.id}, ${STATUSES[run.status] ?? run.status}`),
      runs[0].task === runs[1].task ? "" : said(run.task), noticesOf(run), answerOf(run)))),
    el("h2", {}, "Where they part"),
    parted ? el("div", { class: "columns" }, [parted.first, parted.second].map((callId, number) => el("div", {}, `${named[number]}, call ${parted.number}: `, call(runs[number], callId))))
      : el("p", {}, "Both made the same calls."),
    el("p", { class: "faint" }, `${count(comparison.shared_results.length)} results with the same text, ${count(comparison.shared_evidence.length)} passages that both answers rest on`),
    comparison.shared_evidence.map((each) => said(`“${shortly(each, 300)}”`)),
    el("h2", {}, "Why the answers differ"),
    comparison.differences.length ? el("table", {}, el("tr", {}, ["sentence", "said by", "there", "in the other run", "because"].map((each) => el("th", { scope: "col" }, each))),
      comparison.differences.map((each) => el("tr", {}, el("td", { dir: "auto" }, each.sentence), el("td", {}, named[each.only_in === "first" ? 0 : 1]),
        el("td", {}, each.degree), el("td", {}, each.in_other), el("td", {}, BECAUSE[each.because] ?? each.because))))
      : el("p", {}, "Both answers say the same."));
}
