// The answer, each sentence a button that shows what it rests on.

function answerView(run) {
  return el("section", {}, noticesOf(run), answerOf(run), talliesOf(run));
}

function noticesOf(run) {
  const notices = [];
  if (run.imported) notices.push(`imported from ${run.imported.file} (${run.imported.format}); khala guarded none of its calls`, ...run.imported.warnings);
  if (run.status !== "answered") notices.push(STATUSES[run.status] + (run.reason ? `: ${run.reason}` : ""));
  return [...notices, ...run.damage].map((each) => el("p", { class: "notice" }, el("bdi", {}, each)));
}

function answerOf(run) {
  if (!run.answer.trim()) return el("p", { class: "faint" }, run.status === "unfinished" ? "There is no answer yet." : "This run gave no answer.");
  const shown = el("div", { class: "answer", dir: "auto" });
  let place = 0;
  for (const claim of run.claims) {
    if (claim.start < place) continue;
    shown.append(plain(run.answer.slice(place, claim.start)), sentenceButton(run, claim));
    place = claim.end;
  }
  shown.append(plain(run.answer.slice(place)));
  return shown;
}

function sentenceButton(run, claim) {
  const open = () => {
    closeDetail();
    button.setAttribute("aria-expanded", "true");
    showSentence(run, claim);
  };
  // not a <button>: only inline elements wrap across lines like the words they hold
  const button = el("span", { class: `sentence ${claim.degree}`, role: "button", tabindex: "0", "aria-expanded": "false", onclick: open },
    run.answer.slice(claim.start, claim.end));
  button.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); }
  });
  return el("span", {}, button, el("span", { class: `degree ${claim.degree}` }, claim.degree));
}

function talliesOf(run) {
  const tally = Object.keys(DEGREES).map((degree) => [degree, run.claims.filter((claim) => claim.degree === degree).length]);
  const single = run.claims.filter((claim) => claim.sources.length === 1).length;
  if (!run.claims.length) return null;
  return el("div", {}, el("h2", {}, "How well it is carried"),
    tally.filter(([, number]) => number).map(([degree, number]) => el("p", {},
      el("span", { class: `degree ${degree}` }, degree), `${number} of ${run.claims.length} sentences: ${DEGREES[degree]}`)),
    single ? el("p", { class: "faint" }, `resting on one source only: ${single}`) : null);
}
