// Made-up requests against every described call that the server has (schemathesis): whatever they are, the server does
// not break, and what it answers fits the description.
//
// POSTERN_FUZZ_EXAMPLES and POSTERN_FUZZ_SEED say how many requests each call gets in each phase, and which.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { stage } from "../stage.mjs";
import { described, description } from "./sdk/description.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const { POSTERN_FUZZ_EXAMPLES: examples = "8", POSTERN_FUZZ_SEED: seed = "1" } = process.env;
const CHECKS = "not_a_server_error,content_type_conformance,response_schema_conformance";
/** Calls that would take away what all others are made with. */
const SPARED_CALLS = ["DELETE /api/v1/api-tokens/current"];
/** Calls whose made-up requests are guesses, and limited as such. */
const GUESSES = [
  ...["change_password", "change_recovery_question"].map((what) => `POST /api/v1/users/{userId}/credentials/${what}`),
  ...["lifecycle/activate", "verify"].map((what) => `POST /api/v1/users/{userId}/factors/{factorId}/${what}`),
];
/** How many of the calls succeed at least once; some only do in a state that chance may not reach. */
const HEARD = 0.7;

for (const database of ["sqlite", ...process.env.POSTERN_TEST_POSTGRES ? ["postgres"] : []]) {
  test(`no made-up request breaks the server or gets an answer that is not described, on ${database}`, async (t) => {
    const place = await stage("clients", database);
    t.after(() => place.end());
    const folder = await mkdtemp(join(tmpdir(), "postern-fuzz-"));
    t.after(() => rm(folder, { recursive: true }));
    await loosen(place);
    const calls = described(place.routes).filter((call) => !SPARED_CALLS.includes(call));
    await writeFile(`${folder}/description.json`, JSON.stringify(only(calls)));
    const { code, output } = await schemathesis(place, folder, await seeds(place));
    assert.equal(code, 0, output);
    const counts = JSON.parse(await readFile(`${folder}/counts.json`, "utf8"));
    const asked = Object.values(counts).flatMap((of) => Object.values(of)).reduce((sum, count) => sum + count, 0);
    const heard = calls.filter((call) => Object.keys(counts[call] ?? {}).some((status) => status.startsWith("2")));
    t.diagnostic(`${asked} requests of ${Object.keys(counts).length} calls, ${heard.length} with success`);
    assert.deepEqual(calls.filter((call) => !counts[call]), [], "every call is asked");
    assert.ok(heard.length >= HEARD * calls.length, `without success: ${calls.filter((call) => !heard.includes(call)).join(", ")}`);
    assert.ok(asked > calls.length * Number(examples) / 2, `only ${asked} requests`);
    const limited = Object.keys(counts).filter((call) => counts[call][429] && !GUESSES.includes(call));
    assert.deepEqual(limited, [], "no limit stood in the way");
  });
}

/** The description of these calls alone. */
function only(calls) {
  const paths = Object.entries(description.paths).map(([path, item]) => [path, Object.fromEntries(
    Object.entries(item).filter(([method]) => method === "parameters" || calls.includes(`${method.toUpperCase()} ${path}`)))]);
  return { ...description, paths: Object.fromEntries(paths.filter(([, item]) => Object.keys(item).some((key) => key !== "parameters"))) };
}

/** Lets thousands of requests a minute through: what is tried here is what they are answered. */
async function loosen(place) {
  const address = `${place.url}/device-access/api/v1/limits`;
  const headers = { authorization: `SSWS ${place.token}`, "content-type": "application/json" };
  const limits = await (await fetch(address, { headers })).json();
  const counts = Object.keys(limits).filter((name) => name.startsWith("requests_")).map((name) => [name, 100_000]);
  const answer = await fetch(address, { method: "PUT", headers, body: JSON.stringify(Object.fromEntries(counts)) });
  assert.equal(answer.status, 200, await answer.text());
}

/** What is there before the first made-up request: what it is asked at, and the answer. */
async function seeds(place) {
  const seeds = [];
  const call = async (path, body) => {
    const answer = await fetch(`${place.url}${path}`, {
      method: body ? "POST" : "GET", body: body && JSON.stringify(body),
      headers: { authorization: `SSWS ${place.token}`, "content-type": "application/json" },
    });
    if (answer.ok) seeds.push([path, await answer.json()]);
  };
  for (let number = 0; number < 12; number += 1) {
    const login = `person${number}@harbour.example`;
    const profile = { firstName: "Person", lastName: String(number), email: login, login };
    await call("/api/v1/users", { profile, ...number % 2 && { credentials: { password: { value: "Four plain small w0rds" } } } });
    await call("/api/v1/groups", { profile: { name: `Group ${number}` } });
    await place.newToken(place.hal);
  }
  for (const path of ["devices", "api-tokens", "zones", "trustedOrigins", "policies?type=OKTA_SIGN_ON", "policies?type=PASSWORD", "policies?type=MFA_ENROLL"]) {
    await call(`/api/v1/${path}`);
  }
  return seeds.map(([path, answer]) => [path.split("?")[0], answer]);
}

async function schemathesis(place, folder, seeds) {
  const own = (await (await fetch(`${place.url}/api/v1/api-tokens`, { headers: { authorization: `SSWS ${place.token}` } })).json())
    .filter((token) => token.userId === place.ada).map((token) => token.id);
  const python = process.env.POSTERN_PYTHON ?? `${here}../../target/conformance/bin/python`;
  const child = spawn(python, ["-m", "schemathesis.cli", "--config-file", `${here}fuzz/schemathesis.toml`, "run", `${folder}/description.json`,
    "--url", place.url, "--header", `Authorization: SSWS ${place.token}`, "--checks", CHECKS, "--max-examples", examples, "--seed", seed,
    "--continue-on-failure", "--no-color", "--generation-database", "none", "--phases", "coverage,fuzzing"], {
    cwd: folder,
    env: { ...process.env, SCHEMATHESIS_HOOKS: `${here}fuzz/hooks.py`, PYTHONDONTWRITEBYTECODE: "1",
      POSTERN_URL: place.url, POSTERN_SPARED: [place.ada, ...own].join(" "), POSTERN_SEEDS: JSON.stringify(seeds), POSTERN_COUNTS: `${folder}/counts.json` },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => { output += text; });
  const code = await new Promise((resolve) => child.once("close", resolve));
  return { code, output };
}
