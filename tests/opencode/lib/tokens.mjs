// Counts tokens as models of the o200k family do.
import { Tiktoken } from "js-tiktoken/lite";
import o200k from "js-tiktoken/ranks/o200k_base";

let encoder;

/** How many tokens a text is. */
export function tokens(text) {
  encoder ??= new Tiktoken(o200k);
  return encoder.encode(text).length;
}
