// The page. Texts are untrusted: they reach it through textContent and value alone.
const data = JSON.parse(document.getElementById("data").textContent);
const [ID, TEXT, OPERATOR, VERDICT, REASON, SOURCE, DOCUMENTS, CHECKS, CHECK, CUT] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const PAGE = 25, NAMES = 1000;
const WORD = /[\u3040-\u30ff\u3400-\u9fff]|(?:(?![\u3040-\u30ff\u3400-\u9fff])\p{L}){4,}/gu;
const SAID = { keep: "✓ you keep it", reject: "✗ you reject it", edit: "✎ you edited it" };
const at = (id) => document.getElementById(id);
const many = (count) => count.toLocaleString("en");
const percent = (share) => (100 * share).toFixed(1);
const isKept = (row) => row[REASON] === null && data.verdicts[row[VERDICT]] === "kept";
const rowOf = new Map(data.rows.map((row) => [row[ID], row]));
const drawn = data.drawn && new Set(data.drawn.map((place) => data.rows[place]));
const kept = new Kept("forethought-review " + location.pathname);
const decisions = new Map();
let found = data.rows, page = 0, current = 0, haystacks = null, savedHere = "", label = "";

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// --- decisions

for (const one of [...data.decisions, ...kept.all()]) decisions.set(one.inference_id, later(decisions.get(one.inference_id), one));
const began = new Map(data.decisions.map((one) => [one.inference_id, one.time]));

// The decision about a row, unless it was made about another text.
function decisionOf(row) {
  const one = decisions.get(row[ID]);
  return one && one.decision !== UNDONE && (one.inference === undefined || one.inference === row[TEXT]) ? one : null;
}

function put(one) {
  decisions.set(one.inference_id, one);
  kept.put(one);
}

function decide(row, decision, text) {
  const before = decisionOf(row), one = { inference_id: row[ID], decision };
  if (decision === "edit") one.text = text;
  Object.assign(one, { inference: row[TEXT], time: new Date().toISOString() });
  if (before && before.sample) one.sample = before.sample;
  put(one);
  tally(decision === UNDONE ? "Decision undone." : SAID[decision] + ".");
}

function tally(news) {
  const counts = { keep: 0, reject: 0, edit: 0 }, saved = kept.savedAt > savedHere ? kept.savedAt : savedHere;
  let others = 0, unsaved = 0;
  for (const one of decisions.values()) {
    if ((one.time || "") > saved && began.get(one.inference_id) !== one.time) unsaved++;
    if (one.decision === UNDONE) continue;
    const row = rowOf.get(one.inference_id);
    if (row && decisionOf(row)) counts[one.decision]++; else others++;
  }
  estimate();
  const all = counts.keep + counts.reject + counts.edit;
  const parts = [many(all) + " decided: " + many(counts.keep) + " keep, " + many(counts.reject) + " reject, " + many(counts.edit) + " edit"];
  if (others) parts.push(many(others) + " more on inferences that are not on this page");
  if (unsaved) parts.push(many(unsaved) + " not saved to a file");
  if (!kept.works) parts.push("this browser cannot store decisions, so save before you close the page");
  at("tally").textContent = (news ? news + " " : "") + parts.join("; ") + ".";
  at("save").disabled = all + others === 0;
  at("where").textContent = kept.works ? "This browser also stores your decisions." : "This browser cannot store decisions: save before you close the page.";
  return unsaved;
}

function save() {
  const order = [...data.rows.map((row) => decisions.get(row[ID])).filter(Boolean), ...[...decisions.values()].filter((one) => !rowOf.has(one.inference_id))];
  const link = element("a");
  link.href = URL.createObjectURL(new Blob([inFile(order)], { type: "application/x-ndjson" }));
  link.download = "decisions.jsonl";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  savedHere = kept.savedAt = new Date().toISOString();
  tally("Saved as decisions.jsonl.");
}

async function load(file) {
  try {
    const read = readDecisions(await file.text());
    for (const one of read) put(later(decisions.get(one.inference_id), one));
    filter();
    tally(many(read.length) + " decisions loaded.");
  } catch (error) {
    tally("Nothing was loaded: " + error.message + ".");
  }
}

// --- rows

const wordsOf = (text) => new Set((text.match(WORD) || []).map((word) => word.toLowerCase()));

function marked(name, className, text, words, title) {
  const made = element(name, className);
  made.append(element("span", "unseen", title + ": "));
  let end = 0;
  for (const match of text.matchAll(WORD)) {
    if (!words.has(match[0].toLowerCase())) continue;
    made.append(text.slice(end, match.index), element("mark", "", match[0]));
    end = match.index + match[0].length;
  }
  made.append(text.slice(end));
  return made;
}

function button(text, act, pressed) {
  const made = element("button", "", text);
  made.type = "button";
  if (pressed !== undefined) made.setAttribute("aria-pressed", String(pressed));
  made.addEventListener("click", act);
  return made;
}

function item(row, place) {
  const made = element("li"), source = data.sources[row[SOURCE]], about = element("p", "about"), one = decisionOf(row);
  const names = row[DOCUMENTS].map((number) => data.documents[number]);
  about.append(element("span", isKept(row) ? "yes" : "no", isKept(row) ? "✓ kept" : "✗ " + (row[REASON] || "rejected")));
  about.append(element("span", "", data.operators[row[OPERATOR]]));
  for (const [name, verdict] of row[CHECKS]) about.append(element("span", "", name + ": " + verdict));
  if (names.length) about.append(element("span", "", names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : "")));
  about.append(element("code", "", row[ID]));
  const told = element("div", "told");
  if (one && one.decision === "edit") {
    told.append(marked("p", "inference", one.text, wordsOf(source), "Edited inference"));
    const old = element("p", "soft");
    old.append(element("span", "unseen", "It was: "), element("s", "", row[TEXT]));
    told.append(old);
  } else {
    told.append(marked("p", "inference", row[TEXT] || "(no text)", wordsOf(source), "Inference"));
  }
  const choices = element("div", "choices");
  choices.setAttribute("role", "group");
  choices.setAttribute("aria-label", "Decision about row " + (place + 1));
  for (const [kind, name] of [["keep", "Keep"], ["reject", "Reject"]]) {
    choices.append(button(name, () => act(place, kind, false), Boolean(one) && one.decision === kind));
  }
  choices.append(button("Edit", () => edit(place), Boolean(one) && one.decision === "edit"));
  choices.children[0].disabled = !row[TEXT].trim();
  choices.children[2].disabled = Boolean(row[CUT]);
  if (one) choices.append(button("Undo", () => act(place, UNDONE, false)), element("span", one.decision === "reject" ? "no" : "yes", SAID[one.decision]));
  if (row[CUT]) choices.append(element("span", "soft", "too long to edit here"));
  made.append(told, marked("p", "source", source, wordsOf(row[TEXT]), "Source"), about, choices);
  made.tabIndex = place === current ? 0 : -1;
  made.dataset.place = String(place);
  if (one) made.dataset.decision = one.decision;
  return made;
}

const shownItem = (place) => at("rows").querySelector("li[data-place='" + place + "']");

function again(place, focus) {
  const old = shownItem(place);
  if (!old) return;
  const made = item(found[place], place);
  old.replaceWith(made);
  if (focus) made.focus();
}

function go(place) {
  if (place < 0 || place >= found.length) return;
  const before = current;
  current = place;
  if (Math.floor(place / PAGE) !== page) {
    page = Math.floor(place / PAGE);
    show(false);
  } else if (shownItem(before)) shownItem(before).tabIndex = -1;
  const made = shownItem(place);
  made.tabIndex = 0;
  made.focus({ preventScroll: true });
  made.style.scrollMarginBottom = at("saving").offsetHeight + 8 + "px"; // what the bar at the bottom covers
  made.scrollIntoView({ block: "nearest" });
}

function act(place, decision, onwards) {
  const row = found[place];
  if (decision === "keep" && !row[TEXT].trim()) return;
  if (decision === UNDONE && !decisionOf(row)) return;
  decide(row, decision);
  again(place, true);
  go(onwards && place + 1 < found.length ? place + 1 : place);
}

function edit(place) {
  const row = found[place], one = decisionOf(row), made = shownItem(place);
  if (row[CUT] || made.querySelector("textarea")) return;
  const form = element("div", "edit"), field = element("textarea");
  field.id = "edit-" + place;
  field.value = one && one.decision === "edit" ? one.text : row[TEXT];
  field.rows = Math.min(12, Math.max(3, Math.ceil(field.value.length / 36)));
  field.spellcheck = true;
  const title = element("label", "", "New text (only its format is checked)");
  title.htmlFor = field.id;
  const finish = () => {
    const text = field.value.trim();
    if (!text) return tally("An edit needs text.");
    decide(row, text === row[TEXT].trim() ? "keep" : "edit", text);
    again(place, true);
  };
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") again(place, true);
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) finish();
    event.stopPropagation();
  });
  const choices = element("div", "choices");
  choices.append(button("Save the edit", finish), button("Cancel", () => again(place, true)));
  form.append(title, field, choices);
  made.querySelector(".told").replaceChildren(form);
  made.querySelector(":scope > .choices").remove();
  field.focus();
}

function show(focus) {
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  page = Math.min(Math.max(page, 0), pages - 1);
  if (Math.floor(current / PAGE) !== page) current = page * PAGE;
  at("rows").replaceChildren(...found.slice(page * PAGE, (page + 1) * PAGE).map((row, place) => item(row, page * PAGE + place)));
  at("rows").start = page * PAGE + 1;
  at("place").textContent = "Page " + many(page + 1) + " of " + many(pages);
  at("status").textContent = found.length ? many(found.length) + " of " + many(data.rows.length) + " inferences" : "No inference matches these filters.";
  at("first").disabled = at("previous").disabled = page === 0;
  at("last").disabled = at("next").disabled = page === pages - 1;
  if (focus) at("list").scrollIntoView();
}

// --- filters and the random sample

function asked(id) {
  const value = at(id).value;
  return value === "" ? null : +value;
}

function filter() {
  const [operator, verdict, check] = ["operator", "verdict", "check"].map(asked), state = at("decision").value;
  const words = at("words").value.toLowerCase().split(/\s+/).filter(Boolean), named = at("document").value.trim().toLowerCase();
  const fitting = named && new Set(data.documents.flatMap((name, place) => (name.toLowerCase().includes(named) ? [place] : [])));
  const sampled = at("sampled").checked, population = sampled && drawn ? data.rows.filter((row) => drawn.has(row)) : data.rows;
  for (const id of ["verdict", "check", "decision"]) at(id).disabled = sampled;
  if (words.length && !haystacks) {
    const sources = data.sources.map((text) => text.toLowerCase());
    const rest = (row) => row[DOCUMENTS].map((place) => data.documents[place]).join(" ") + " " + row[ID] + " " + (row[REASON] || "");
    haystacks = new Map(data.rows.map((row) => [row, (row[TEXT] + " " + rest(row)).toLowerCase() + " " + sources[row[SOURCE]]]));
  }
  found = population.filter((row) => (operator === null || row[OPERATOR] === operator)
    && (!named || row[DOCUMENTS].some((place) => fitting.has(place)))
    && words.every((word) => haystacks.get(row).includes(word))
    && (sampled ? isKept(row) : (verdict === null || row[VERDICT] === verdict) && (check === null || row[CHECK] === check)
      && (!state || (decisionOf(row) ? decisionOf(row).decision : "none") === state)));
  label = "";
  if (sampled) {
    const of = [operator !== null && "operator " + data.operators[operator], named && "document " + named, words.length && "text " + words.join(" ")];
    label = ["seed " + (at("seed").value || "0") + " of " + many(found.length) + " kept rows", ...of.filter(Boolean)].join(", ");
    found = inRandomOrder(found, at("seed").value || "0", (row) => row[ID]).slice(0, Math.max(1, +at("size").value || 1));
  }
  page = current = 0;
  show(false);
  estimate();
}

// Only the rows from the first one on that are all decided count: what a person picks out of their order is no random sample.
function estimate() {
  at("estimate").hidden = !label;
  if (!label) return;
  const said = found.map(decisionOf), open = said.findIndex((one) => !one), counted = open < 0 ? said.length : open;
  said.forEach((one, place) => {
    if (one && place < counted && !one.sample) put({ ...one, sample: label });
    if (one && place >= counted && one.sample === label) put(Object.fromEntries(Object.entries(one).filter(([name]) => name !== "sample")));
  });
  const more = said.filter(Boolean).length - counted, right = said.slice(0, counted).filter((one) => one.decision === "keep").length;
  const skipped = more ? " Row " + (open + 1) + " is undecided; " + many(more) + " after it will count once it is decided." : "";
  if (!counted) {
    at("estimate").textContent = "Decide the rows in order; the share of correct ones, with its interval, will appear here." + skipped;
    return;
  }
  const { share, low, high } = wilson(right, counted);
  at("estimate").textContent = "Precision of the kept rows: " + percent(share) + "% [" + percent(low) + ", " + percent(high) + "], "
    + many(right) + " of the first " + many(counted) + " are correct; " + many(found.length - counted) + " to go." + skipped;
}

function options(id, names, column) {
  const counts = new Map();
  for (const row of data.rows) counts.set(row[column], (counts.get(row[column]) || 0) + 1);
  const order = names.map((name, place) => place).filter((place) => names[place] !== "").sort((a, b) => counts.get(b) - counts.get(a));
  for (const place of order) {
    const option = element("option", "", names[place] + " (" + many(counts.get(place)) + ")");
    option.value = String(place);
    at(id).append(option);
  }
}

// --- what the reader does

options("operator", data.operators, OPERATOR);
options("verdict", data.verdicts, VERDICT);
options("check", data.checks, CHECK);
at("documents").append(...data.documents.slice(0, NAMES).map((name) => { const made = element("option"); made.value = name; return made; }));
for (const id of ["operator", "verdict", "check", "decision", "sampled"]) at(id).addEventListener("change", filter);
for (const id of ["words", "document", "size", "seed"]) at(id).addEventListener("input", filter);
at("filters").addEventListener("submit", (event) => event.preventDefault());
at("filters").addEventListener("reset", () => setTimeout(filter));
for (const [id, to] of [["first", () => 0], ["previous", () => page - 1], ["next", () => page + 1], ["last", () => Infinity]]) {
  at(id).addEventListener("click", () => { page = to(); show(true); });
}
at("save").addEventListener("click", save);
at("load").addEventListener("change", async () => { if (at("load").files[0]) await load(at("load").files[0]); at("load").value = ""; });
at("rows").addEventListener("focusin", (event) => {
  const place = +event.target.closest("li").dataset.place;
  if (place === current) return;
  if (shownItem(current)) shownItem(current).tabIndex = -1;
  current = place;
  shownItem(place).tabIndex = 0;
});
// Single letters work only while a row has the focus, so that nothing else on the page hears them.
at("rows").addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const keys = {
    k: () => act(current, "keep", true), r: () => act(current, "reject", true), e: () => edit(current), u: () => act(current, UNDONE, false),
    n: () => go(current + 1), p: () => go(current - 1), ArrowDown: () => go(current + 1), ArrowUp: () => go(current - 1),
  };
  const does = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!does) return;
  event.preventDefault();
  does();
});
addEventListener("beforeunload", (event) => { if (!kept.works && tally()) event.preventDefault(); });
filter();
tally();
