"use strict";
// Texts are untrusted: they reach the page through textContent alone.
const data = JSON.parse(document.getElementById("data").textContent);
const [ID, TEXT, OPERATOR, VERDICT, REASON, SOURCE, DOCUMENTS, CHECKS] = [0, 1, 2, 3, 4, 5, 6, 7];
const PAGE = 25;
const WORD = /[\u3040-\u30ff\u3400-\u9fff]|(?:(?![\u3040-\u30ff\u3400-\u9fff])\p{L}){4,}/gu;
const at = (id) => document.getElementById(id);
let found = data.rows, page = 0, haystacks = null;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

const wordsOf = (text) => new Set((text.match(WORD) || []).map((word) => word.toLowerCase()));

function marked(name, className, text, words, label) {
  const made = element(name, className);
  made.append(element("span", "unseen", label + ": "));
  let end = 0;
  for (const match of text.matchAll(WORD)) {
    if (!words.has(match[0].toLowerCase())) continue;
    made.append(text.slice(end, match.index), element("mark", "", match[0]));
    end = match.index + match[0].length;
  }
  made.append(text.slice(end));
  return made;
}

function item(row) {
  const made = element("li"), source = data.sources[row[SOURCE]], about = element("p", "about");
  const kept = row[REASON] === null && data.verdicts[row[VERDICT]] === "kept";
  const names = row[DOCUMENTS].map((place) => data.documents[place]);
  about.append(element("span", kept ? "yes" : "no", kept ? "✓ kept" : "✗ " + (row[REASON] || "rejected")));
  about.append(element("span", "", data.operators[row[OPERATOR]]));
  for (const [name, verdict] of row[CHECKS]) about.append(element("span", "", name + ": " + verdict));
  if (names.length) about.append(element("span", "", names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : "")));
  about.append(element("code", "", row[ID]));
  made.append(marked("p", "inference", row[TEXT] || "(no text)", wordsOf(source), "Inference"));
  made.append(marked("p", "source", source, wordsOf(row[TEXT]), "Source"), about);
  return made;
}

function show(focus) {
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  page = Math.min(Math.max(page, 0), pages - 1);
  at("rows").replaceChildren(...found.slice(page * PAGE, (page + 1) * PAGE).map(item));
  at("rows").start = page * PAGE + 1;
  at("place").textContent = "Page " + (page + 1).toLocaleString("en") + " of " + pages.toLocaleString("en");
  const counts = [found.length, data.rows.length].map((count) => count.toLocaleString("en"));
  at("status").textContent = found.length ? counts[0] + " of " + counts[1] + " inferences" : "No inference fits these filters.";
  at("first").disabled = at("previous").disabled = page === 0;
  at("last").disabled = at("next").disabled = page === pages - 1;
  if (focus) at("list").scrollIntoView();
}

function filter() {
  const operator = at("operator").value, verdict = at("verdict").value;
  const words = at("words").value.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length && !haystacks) {
    const sources = data.sources.map((text) => text.toLowerCase());
    const rest = (row) => row[DOCUMENTS].map((place) => data.documents[place]).join(" ") + " " + row[ID] + " " + (row[REASON] || "");
    haystacks = new Map(data.rows.map((row) => [row, (row[TEXT] + " " + rest(row)).toLowerCase() + " " + sources[row[SOURCE]]]));
  }
  found = data.rows.filter((row) => (operator === "" || row[OPERATOR] === +operator) && (verdict === "" || row[VERDICT] === +verdict)
    && words.every((word) => haystacks.get(row).includes(word)));
  page = 0;
  show(false);
}

function options(id, names, column) {
  const counts = new Map();
  for (const row of data.rows) counts.set(row[column], (counts.get(row[column]) || 0) + 1);
  const order = names.map((name, place) => place).sort((a, b) => counts.get(b) - counts.get(a));
  for (const place of order) {
    const option = element("option", "", names[place] + " (" + counts.get(place).toLocaleString("en") + ")");
    option.value = String(place);
    at(id).append(option);
  }
}

options("operator", data.operators, OPERATOR);
options("verdict", data.verdicts, VERDICT);
for (const id of ["operator", "verdict"]) at(id).addEventListener("change", filter);
at("words").addEventListener("input", filter);
at("filters").addEventListener("submit", (event) => event.preventDefault());
at("filters").addEventListener("reset", () => setTimeout(filter));
for (const [id, go] of [["first", () => 0], ["previous", () => page - 1], ["next", () => page + 1], ["last", () => Infinity]]) {
  at(id).addEventListener("click", () => { page = go(); show(true); });
}
show(false);
