// How many cells of a terminal a text takes, and texts that fit into so many.

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const ASCII = /^[\x20-\x7e]*$/;
// Pictures, and the scripts whose characters take two cells.
const PICTURE = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\u{fe0f}/u;
const JOINED = /(\p{Extended_Pictographic})(?:[\ufe0f\u{1f3fb}-\u{1f3ff}\u20e3]|\u200d\p{Extended_Pictographic})+/gu;
const WIDE =
  /[\u1100-\u115f\u231a\u231b\u2764\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;
const NOTHING = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u;

/** The cells that TEXT takes. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of graphemes.segment(text)) cells += cellsOf(segment);
  return cells;
}

/** TEXT in so many cells at the most; an ellipsis stands for what is missing. */
export function cut(text: string, cells: number): string {
  if (cells <= 0) return "";
  if (widthOf(text) <= cells) return text;
  return `${head(text, cells - 1)}…`;
}

/** TEXT in exactly so many cells. */
export function fit(text: string, cells: number): string {
  const short = cut(text, cells);
  return short + " ".repeat(Math.max(0, cells - widthOf(short)));
}

/** What a terminal can show of a line: tabs as blanks, nothing that would move the cursor. */
export function plain(text: string): string {
  return text.replace(/\t/g, "    ").replace(/\p{Cc}/gu, "");
}

/** TEXT with one picture where several are joined or coloured: how wide those are, terminals disagree about. */
export function steady(text: string): string {
  return ASCII.test(text) ? text : text.replace(JOINED, "$1").replaceAll("\u2764", "\u2665");
}

/** TEXT in rows of so many cells, one that is wider than a row alone in its own; an empty text is one empty row. */
export function wrap(text: string, cells: number): string[] {
  if (ASCII.test(text)) return text.match(new RegExp(`.{1,${cells}}`, "g")) ?? [""];
  const rows = [""];
  let room = cells;
  for (const { segment } of graphemes.segment(text)) {
    const width = cellsOf(segment);
    if (width > room && rows.at(-1) !== "") {
      rows.push("");
      room = cells;
    }
    rows[rows.length - 1] += segment;
    room -= width;
  }
  return rows;
}

function head(text: string, cells: number): string {
  if (ASCII.test(text)) return text.slice(0, cells);
  let taken = "";
  let room = cells;
  for (const { segment } of graphemes.segment(text)) {
    room -= cellsOf(segment);
    if (room < 0) break;
    taken += segment;
  }
  return taken;
}

function cellsOf(grapheme: string): number {
  if (NOTHING.test(grapheme)) return 0;
  return PICTURE.test(grapheme) || WIDE.test(grapheme) ? 2 : 1;
}
