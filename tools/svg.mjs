// What tmux captured of a screen, with its colours, as a picture.

const CELL = { width: 8.4, height: 18, base: 13 };
const EDGE = 12;
const PLAIN = { fg: "#eeeeee", bg: "#0a0a0a" };
// Of 256 colours: the first sixteen.
const NAMED = "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff".split(" ");

/** An SVG of TEXT, which "tmux capture-pane -e" wrote; COLS is the terminal's width. */
export function svgOf(text, cols) {
  const rows = rowsOf(text);
  const [width, height] = [cols * CELL.width + 2 * EDGE, rows.length * CELL.height + 2 * EDGE];
  const parts = rows.flatMap((runs, y) => runs.flatMap((run) => [boxOf(run, y), wordsOf(run, y)])).filter(Boolean);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${round(width)} ${height}" font-family="monospace" font-size="14">`,
    `<rect width="100%" height="100%" rx="8" fill="${PLAIN.bg}"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}

/** Each row as its runs of one look: { x, text, fg, bg, bold }. A look holds until another, also over the row's end. */
export function rowsOf(text) {
  let look = PLAIN;
  return text.replace(/\n+$/, "").split("\n").map((row) => {
    const runs = [];
    let x = 0;
    for (const [, codes, words] of row.matchAll(/(?:\u001b\[([\d;]*)m)|([^\u001b]+)/g)) {
      if (words === undefined) look = looking(look, codes.split(";").map(Number));
      else {
        runs.push({ x, text: words, ...look });
        x += [...words].length;
      }
    }
    return runs;
  });
}

function looking(look, codes) {
  let now = look;
  for (let code = codes.shift(); code !== undefined; code = codes.shift()) {
    if (code === 0) now = PLAIN;
    else if (code === 1) now = { ...now, bold: true };
    else if (code === 22) now = { ...now, bold: false };
    else if (code === 38) now = { ...now, fg: colour(codes) };
    else if (code === 48) now = { ...now, bg: colour(codes) };
    else if (code === 39) now = { ...now, fg: PLAIN.fg };
    else if (code === 49) now = { ...now, bg: PLAIN.bg };
  }
  return now;
}

/** Takes what follows 38 or 48 out of CODES. */
function colour(codes) {
  if (codes.shift() === 2) return `#${codes.splice(0, 3).map(hex).join("")}`;
  const index = codes.shift();
  if (index < 16) return `#${NAMED[index]}`;
  if (index >= 232) return `#${hex(8 + (index - 232) * 10).repeat(3)}`;
  const level = (part) => hex(part ? 55 + part * 40 : 0);
  const cube = index - 16;
  return `#${level(Math.floor(cube / 36))}${level(Math.floor(cube / 6) % 6)}${level(cube % 6)}`;
}

function boxOf({ x, text, bg }, y) {
  if (bg === PLAIN.bg) return "";
  const [left, width] = [EDGE + x * CELL.width, [...text].length * CELL.width];
  return `<rect x="${round(left)}" y="${EDGE + y * CELL.height}" width="${round(width)}" height="${CELL.height}" fill="${bg}"/>`;
}

function wordsOf({ x, text, fg, bold }, y) {
  const words = text.trimEnd();
  if (words.trim() === "") return "";
  const [left, width] = [EDGE + x * CELL.width, [...words].length * CELL.width];
  const escaped = words.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const place = `x="${round(left)}" y="${EDGE + y * CELL.height + CELL.base}" textLength="${round(width)}"`;
  return `<text ${place} fill="${fg}"${bold ? ' font-weight="bold"' : ""} xml:space="preserve">${escaped}</text>`;
}

function hex(number) {
  return number.toString(16).padStart(2, "0");
}

function round(number) {
  return Math.round(number * 10) / 10;
}
