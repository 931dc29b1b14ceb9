// How many cells of a terminal a text takes, and texts that fit into so many.

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const ASCII = /^[\x20-\x7e]*$/;
// Pictures, and the scripts whose characters take two cells.
const PICTURE = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\u{fe0f}/u;
const JOINED = /(\p{Extended_Pictographic})(?:[\ufe0f\u{1f3fb}-\u{1f3ff}\u20e3]|\u200d\p{Extended_Pictographic})+/gu;
const WIDE =
  /[\u1100-\u115f\u231a\u231b\u2329\u232a\u2764\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18d08}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;
// Signs that OpenTUI draws in two cells and most terminals in one.
const DISPUTED =
  /[\u203c\u2049\u2622\u2623\u2630-\u2637\u268a-\u268f\u269b\u26d1\u2760-\u2767\u4dc0-\u4dff\u{1d300}-\u{1d376}\u{1f000}-\u{1f0ff}\u{1f53e}-\u{1f5fa}\u{1f650}-\u{1f67f}\u{1f700}-\u{1f8ff}\u{1fa00}-\u{1fa6f}]/gu;
// What turns the direction of text, and other marks that are not to be seen.
const HIDDEN = /[\p{Cc}\u00ad\u061c\u180e\u200e\u200f\u202a-\u202e\u2061-\u206f\ufff9-\ufffb]/gu;
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

/** What a terminal can show of a line: tabs as blanks, nothing that would move the cursor or turn the text. */
export function plain(text: string): string {
  return text.replace(/\t/g, "    ").replace(HIDDEN, "");
}

/** TEXT without what terminals disagree about how wide it is: of pictures that are joined or coloured, one. */
export function steady(text: string): string {
  if (ASCII.test(text)) return text;
  const single = text.replace(JOINED, "$1").replace(/\ufe0f\u20e3?/gu, "").replaceAll("\u2764", "\u2665");
  return single.replace(DISPUTED, (sign) => (PICTURE.test(sign) ? sign : "▪"));
}

/** Both: what can be shown of TEXT. */
export function drawn(text: string): string {
  return steady(plain(text));
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
