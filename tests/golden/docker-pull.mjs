// Writes what docker pull writes on a terminal for three layers: it goes up to a layer's row, erases it, writes it and
// goes down again.
const layers = ["a3ed95caeb02", "5bd8a2c1f6e0", "f7ec5a41d630"];
const say = (text) => process.stdout.write(text);
const bar = (i, of) => `[${"=".repeat(Math.round((i / of) * 50))}>${" ".repeat(50 - Math.round((i / of) * 50))}]`;
const rows = [];

/** Row of layer I becomes TEXT. */
function show(i, text) {
  if (rows[i] === undefined) {
    rows[i] = text;
    say(`${layers[i]}: ${text} \n`);
    return;
  }
  const up = rows.length - i;
  rows[i] = text;
  say(`\x1b[${up}A\x1b[2K\r${layers[i]}: ${text} \r\x1b[${up}B`);
}

say("Using default tag: latest\nlatest: Pulling from library/example\n");
layers.forEach((_, i) => show(i, "Pulling fs layer"));
show(2, "Waiting");
for (let step = 1; step <= 12; step++)
  layers.forEach((_, i) => {
    const at = Math.min(step * (3 - i), 12);
    if (at < 12) show(i, `Downloading  ${bar(at, 12)}  ${at * 2}.1MB/25.2MB`);
    else if (!/Verifying|Download c/.test(rows[i])) show(i, "Verifying Checksum"), show(i, "Download complete");
  });
layers.forEach((_, i) => {
  for (let at = 1; at <= 4; at++) show(i, `Extracting  ${bar(at, 4)}  ${at * 6}.3MB/25.2MB`);
  show(i, "Pull complete");
});
say(`Digest: sha256:${"0123456789abcdef".repeat(4)}\nStatus: Downloaded newer image for example:latest\n`);
