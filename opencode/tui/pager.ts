// A window over lines that keep coming: it follows their end, or stays where the reader is.
import { cut, plain, wrap } from "./width.ts";

const MOST_LINES = 5000;

/** One row of the window; HIT when it holds what is sought, HERE when that is the place of the last search. */
export interface Row {
  text: string;
  hit: boolean;
  here: boolean;
}

interface Piece {
  text: string;
  line: number;
}

export class Pager {
  #lines: string[] = [];
  /** How many lines came before the first that is kept. */
  #gone = 0;
  /** How many of the last lines are not finished. */
  #unfinished = 0;
  #earlier = false;
  #pieces: Piece[] = [];
  #isPicture = false;
  #cells = 80;
  #height = 24;
  #top = 0;
  #query = "";
  #place: number | undefined;
  follows = true;

  get query(): string {
    return this.#query;
  }

  /** Whether the first line here is not the first of all. */
  get earlier(): boolean {
    return this.#earlier || this.#gone > 0;
  }

  /**
   * Appends whole lines, and behind them those that are UNFINISHED: they stand until the next call. The oldest are
   * let go when there are too many.
   */
  add(lines: string[], unfinished: string[] = [], earlier = false): void {
    this.#earlier = earlier;
    this.#takeBack(this.#unfinished);
    this.#unfinished = unfinished.length;
    const more = [...lines, ...unfinished];
    const spare = this.#lines.length + more.length - MOST_LINES;
    if (spare > 0) this.#forget(spare);
    for (const line of more.slice(-MOST_LINES)) {
      this.#lines.push(plain(line));
      this.#append(this.#gone + this.#lines.length - 1);
    }
    this.#settle();
  }

  /** Takes these lines for all there are; those of a picture are cut where they are too long, and not wrapped. */
  set(lines: string[], isPicture = false): void {
    this.#lines = lines.map(plain);
    this.#isPicture = isPicture;
    this.#gone = 0;
    this.#unfinished = 0;
    this.#earlier = false;
    this.#layOut();
  }

  clear(): void {
    this.set([]);
    this.#top = 0;
    this.#place = undefined;
    this.follows = true;
  }

  resize(cells: number, height: number): void {
    if (height !== this.#height) this.#height = Math.max(1, height);
    if (cells === this.#cells) return this.#settle();
    const first = this.#pieces[this.#top]?.line;
    this.#cells = Math.max(1, cells);
    this.#layOut();
    if (!this.follows && first !== undefined) this.#show(first);
  }

  /** Moves the window; at the end it follows again. */
  scroll(rows: number): void {
    this.#top = Math.min(Math.max(0, this.#top + rows), this.#last());
    this.follows = this.#top === this.#last();
  }

  page(pages: number): void {
    this.scroll(pages * Math.max(1, this.#height - 1));
  }

  home(): void {
    this.scroll(-this.#pieces.length);
  }

  end(): void {
    this.scroll(this.#pieces.length);
  }

  /** Follows the end, or stays here although more comes. */
  toggle(): void {
    if (this.follows) this.follows = false;
    else this.end();
  }

  /** Looks for words, from the end backwards. Without words nothing is sought. Returns whether they were found. */
  find(query: string): boolean {
    this.#query = query;
    this.#place = undefined;
    return query === "" || this.next(-1);
  }

  /** The next line that holds what is sought: 1 forwards, -1 backwards, and around. */
  next(step: 1 | -1): boolean {
    const count = this.#lines.length;
    const from = this.#place === undefined ? (step < 0 ? count : -1) : this.#place - this.#gone;
    for (let tried = 1; tried <= count; tried++) {
      const at = (((from + step * tried) % count) + count) % count;
      if (!this.#holds(this.#lines[at]!)) continue;
      this.#place = this.#gone + at;
      this.#show(this.#place);
      return true;
    }
    return false;
  }

  /** What is in the window now. */
  rows(): Row[] {
    return this.#pieces.slice(this.#top, this.#top + this.#height).map(({ text, line }) => {
      const hit = this.#query !== "" && this.#holds(this.#lines[line - this.#gone]!);
      return { text, hit, here: hit && line === this.#place };
    });
  }

  /** How many rows lie above the window and below it. */
  beyond(): { above: number; below: number } {
    return { above: this.#top, below: this.#last() - this.#top };
  }

  /** How many lines hold what is sought. */
  hits(): number {
    return this.#query === "" ? 0 : this.#lines.filter((line) => this.#holds(line)).length;
  }

  /** The lines that the window shows, each whole. */
  shown(): string[] {
    const seen = new Set(this.#pieces.slice(this.#top, this.#top + this.#height).map(({ line }) => line));
    return [...seen].map((line) => this.#lines[line - this.#gone]!);
  }

  /** The last lines of all. */
  tail(count: number): string[] {
    return this.#lines.slice(-count);
  }

  #holds(line: string): boolean {
    return line.toLowerCase().includes(this.#query.toLowerCase());
  }

  #append(line: number): void {
    const whole = this.#lines[line - this.#gone]!;
    const texts = this.#isPicture ? [cut(whole, this.#cells)] : wrap(whole, this.#cells);
    for (const text of texts) this.#pieces.push({ text, line });
  }

  #takeBack(count: number): void {
    this.#lines.length -= count;
    const end = this.#gone + this.#lines.length;
    while (this.#pieces.length > 0 && this.#pieces.at(-1)!.line >= end) this.#pieces.pop();
  }

  /** Lets go of so many; of more than there are, too, which then never were here. */
  #forget(count: number): void {
    this.#lines.splice(0, count);
    this.#gone += count;
    const first = this.#pieces.findIndex(({ line }) => line >= this.#gone);
    const kept = first < 0 ? this.#pieces.length : first;
    this.#pieces.splice(0, kept);
    this.#top = Math.max(0, this.#top - kept);
    if (this.#place !== undefined && this.#place < this.#gone) this.#place = undefined;
  }

  #layOut(): void {
    this.#pieces = [];
    for (let at = 0; at < this.#lines.length; at++) this.#append(this.#gone + at);
    this.#settle();
  }

  #settle(): void {
    this.#top = this.follows ? this.#last() : Math.min(this.#top, this.#last());
  }

  /** Brings a line into the window's upper third. */
  #show(line: number): void {
    const at = this.#pieces.findIndex((piece) => piece.line === line);
    this.#top = Math.min(Math.max(0, at - Math.floor(this.#height / 3)), this.#last());
    this.follows = this.#top === this.#last();
  }

  #last(): number {
    return Math.max(0, this.#pieces.length - this.#height);
  }
}
