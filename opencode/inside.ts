// Which folder lies in which.
import { isAbsolute, relative } from "node:path";

/** Whether PATH is FOLDER or lies in it. */
export function contains(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith("../") && !isAbsolute(way);
}
