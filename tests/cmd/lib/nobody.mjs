// A lab of an ordinary user, for what root may do and others may not.
import fs from "node:fs";
import path from "node:path";
import { newLab } from "./lab.mjs";
import { HOB, PROP } from "./programs.mjs";

const nobody = 65534;

/** A lab of user nobody: `asNobody(...args)` runs his own hob to its end, `hobAsNobody` are the words before its
 * arguments, and `suid` is a prop that is setuid root. */
export function labOfNobody(t) {
  // Below the runner's own folder he may not look.
  const lab = newLab(t, { under: "/var/tmp" });
  const copy = (file, name) => {
    const to = path.join(lab.dir, name);
    fs.copyFileSync(file, to);
    return to;
  };
  lab.hobOfNobody = copy(HOB, "hob");
  fs.chmodSync(lab.hobOfNobody, 0o755);
  lab.suid = copy(PROP, "prop");
  fs.chmodSync(lab.suid, 0o4755);
  fs.chmodSync(lab.dir, 0o711);
  for (const name of ["home", "work"]) fs.chownSync(path.join(lab.dir, name), nobody, nobody);
  fs.mkdirSync(lab.home, { mode: 0o700 });
  fs.chownSync(lab.home, nobody, nobody);
  lab.hobAsNobody = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups", "--", lab.hobOfNobody];
  lab.asNobody = (...args) => lab.spawn([...lab.hobAsNobody, ...args]).done;
  return lab;
}
