// Okta's own client, unmodified, which notes every call that it makes and what is wrong with the answer.

import okta from "@okta/okta-sdk-nodejs";
import { callOf, fault } from "./description.mjs";

/** A client with a token; `seen` gets, by call, how often it was answered with success, and `faults` what was wrong. */
export function client(place, token, seen = new Map(), faults = []) {
  class Witness extends okta.DefaultRequestExecutor {
    async fetch(request) {
      const answer = await super.fetch(request);
      const { pathname, search } = new URL(request.url);
      const [method, text] = [request.method.toUpperCase(), await answer.text()];
      // Read here, and given on: a clone of a long body waits for its original to be read.
      answer.text = async () => text;
      const call = callOf(method, pathname);
      const wrong = !answer.headers.get("x-okta-request-id") ? "no X-Okta-Request-Id"
        : call ? fault(call, answer.status, answer.headers.get("content-type"), text) : "not a described call";
      if (wrong) faults.push(`${method} ${pathname}${search}: ${answer.status}: ${wrong}`);
      if (call && answer.ok) seen.set(call, (seen.get(call) ?? 0) + 1);
      return answer;
    }
  }
  const requestExecutor = new Witness({ maxRetries: 0 });
  return new okta.Client({ orgUrl: place.url, token, requestExecutor, cacheMiddleware: null });
}

/** All of a list, page by page. */
export async function all(list) {
  const found = [];
  await (await list).each((item) => { found.push(item); });
  return found;
}

/** The refusal of a call, which must come. */
export async function refusal(call) {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("this was not refused");
}
