// Okta's own management client for Python, unmodified: its models refuse whatever their description does not have, a
// member of another type or an unknown word in a list of words, so that what it reads is what a strict program can read.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { stage } from "../stage.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const python = process.env.POSTERN_PYTHON ?? `${here}../../target/conformance/bin/python`;

for (const database of ["sqlite", ...process.env.POSTERN_TEST_POSTGRES ? ["postgres"] : []]) {
  test(`a strict client reads everything that it asks for, on ${database}`, async (t) => {
    const place = await stage("clients", database);
    t.after(() => place.end());
    const child = spawn(python, [`${here}python/strict.py`], { env: {
      ...process.env, PYTHONDONTWRITEBYTECODE: "1", OKTA_TESTING_TESTINGDISABLEHTTPSCHECK: "true",
      POSTERN_URL: place.url, POSTERN_TOKEN: place.token, POSTERN_PERSON: place.grace,
    } });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => { output += text; });
    const code = await new Promise((resolve) => child.once("close", resolve));
    assert.equal(code, 0, output);
    t.diagnostic(output.trim());
  });
}
