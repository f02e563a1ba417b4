"use strict";
// What a file of decisions holds, which of two decisions counts, and where the browser keeps them. Knows nothing of the page's elements.
const FIELDS = ["inference_id", "decision", "text", "inference", "time", "sample"];
const KINDS = ["keep", "reject", "edit"];
const UNDONE = "undone"; // a decision taken back: kept with its time, so that an older one does not return; never in a file

function readDecisions(content) {
  const text = content.replace(/^\ufeff/, "").trim();
  const whole = text.startsWith("[");
  const parts = whole ? JSON.parse(text) : text.split(/\r?\n/).filter((line) => line.trim());
  return parts.map((part, place) => {
    let found;
    try { found = whole ? part : JSON.parse(part); } catch { throw new Error("decision " + (place + 1) + " is not valid JSON"); }
    const fault = faultOf(found);
    if (fault) throw new Error("decision " + (place + 1) + " " + fault);
    return Object.fromEntries(FIELDS.filter((name) => typeof found[name] === "string").map((name) => [name, found[name]]));
  });
}

function faultOf(found) {
  if (found === null || typeof found !== "object" || Array.isArray(found)) return "is not an object";
  const unknown = Object.keys(found).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) return "has an unknown field, " + unknown;
  if (!found.inference_id || typeof found.inference_id !== "string") return "has no inference_id";
  if (!KINDS.includes(found.decision)) return "is not one of " + KINDS.join(", ");
  if (found.decision === "edit" && !(typeof found.text === "string" && found.text.trim())) return "is an edit without text";
  if (found.time !== undefined && found.time !== null && Number.isNaN(Date.parse(found.time))) return "has a time that cannot be read";
  return "";
}

// Of two decisions about one inference the later; where a time is missing, the second.
function later(first, second) {
  return first && first.time && second.time && Date.parse(first.time) > Date.parse(second.time) ? first : second;
}

const inFile = (decisions) => [...decisions].filter((one) => one.decision !== UNDONE).map((one) => JSON.stringify(one) + "\n").join("");

// Each decision has a key of its own in localStorage, so that one costs the same however many there are. Without storage, or when it
// is full, `works` is false and the page says so.
class Kept {
  constructor(name) { this.name = name + " "; this.works = true; }

  attempt(act) {
    try { return act(); } catch { this.works = false; return null; }
  }

  all() {
    return this.attempt(() => {
      const keys = Array.from({ length: localStorage.length }, (_, place) => localStorage.key(place));
      const mine = keys.filter((key) => key.startsWith(this.name + "d "));
      return mine.map((key) => JSON.parse(localStorage.getItem(key))).filter((one) => one.decision === UNDONE || !faultOf(one));
    }) || [];
  }

  put(decision) { this.attempt(() => localStorage.setItem(this.name + "d " + decision.inference_id, JSON.stringify(decision))); }

  get savedAt() { return this.attempt(() => localStorage.getItem(this.name + "saved")) || ""; }

  set savedAt(time) { this.attempt(() => localStorage.setItem(this.name + "saved", time)); }
}
