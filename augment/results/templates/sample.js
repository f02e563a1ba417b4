// Random samples and what they say. The order depends on the seed and on the ids alone, so a larger sample begins with the smaller one.
function scattered(text) {
  let found = 2166136261; // FNV-1a, then the last steps of MurmurHash3
  for (let place = 0; place < text.length; place++) found = Math.imul(found ^ text.charCodeAt(place), 16777619);
  found = Math.imul(found ^ (found >>> 16), 0x85ebca6b);
  found = Math.imul(found ^ (found >>> 13), 0xc2b2ae35);
  return (found ^ (found >>> 16)) >>> 0;
}

function inRandomOrder(rows, seed, idOf) {
  const keys = new Map(rows.map((row) => [row, scattered(seed + " " + idOf(row))]));
  return [...rows].sort((a, b) => keys.get(a) - keys.get(b) || (idOf(a) < idOf(b) ? -1 : 1));
}

// The share `right` of `of` and its 95% Wilson interval.
function wilson(right, of) {
  const z2 = 1.959963984540054 ** 2 / of, share = right / of;
  const centre = (share + z2 / 2) / (1 + z2), half = Math.sqrt(share * (1 - share) * z2 + z2 ** 2 / 4) / (1 + z2);
  return { share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
