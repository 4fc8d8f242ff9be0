// A server with its computer for the journeys: a program that `cargo test --workspace` builds, which says where it is and
// does what it is told, a line each way. Its clock can be moved; see server/examples/stage.rs.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Starts the stage with the scene `clients`, `fresh`, `locked-out` or `not-set-up`, and what it takes; ends it with `end()`. */
export async function stage(...scene) {
  const target = process.env.CARGO_TARGET_DIR ?? `${root}/target`;
  const child = spawn(`${target}/debug/examples/stage`, scene, { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
  const answers = [];
  const waiting = [];
  const ended = new Promise((resolve) => child.once("exit", resolve));
  ended.then((code) => waiting.forEach(({ reject }) => reject(new Error(`the stage ended with ${code}`))));
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (!line.startsWith("STAGE ")) return;
    const answer = JSON.parse(line.slice(6));
    const next = waiting.shift();
    if (next) next.resolve(answer);
    else answers.push(answer);
  });
  const answer = () => answers.length ? Promise.resolve(answers.shift())
    : new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  return {
    ...await answer(),
    /** The next code of an app; the clock moves on to it, since no code is taken twice. */
    code: (secret) => tell(`code ${secret}`),
    /** Moves the clock. */
    wait: (seconds) => tell(`wait ${seconds}`),
    /** What its clock shows, in milliseconds of Unix time. */
    now: () => tell("now"),
    /** The right to open one session of a person's, by id. */
    sessionToken: (id) => tell(`session-token ${id}`),
    /** A further token of a person's, by id. */
    newToken: (id) => tell(`token ${id}`),
    /** The caller types a PIN at the computer, which asks the server. */
    typePin: (pin) => tell(`type-pin ${pin}`),
    /** The computer is in contact. */
    checkIn: () => tell("check-in"),
    /** What was sent since the last time, by mail, text message and call. */
    messages: () => tell("messages"),
    /** The jobs run once. */
    work: () => tell("work"),
    async end() {
      child.stdin.end();
      await ended;
    },
  };
  function tell(line) {
    child.stdin.write(`${line}\n`);
    return answer();
  }
}

