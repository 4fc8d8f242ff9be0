// The sign-in page as a browser has it, without one.

/** A stranger guesses somebody's password until they are told to stop. */
export async function guess(place, login) {
  const ask = async (members) => (await fetch(`${place.url}/signin`, {
    method: "POST", redirect: "manual", headers: { "sec-fetch-site": "same-origin" }, body: new URLSearchParams(members),
  })).text();
  for (let tries = 0; tries < 15; tries += 1) {
    const [, stateToken] = (await ask({ username: login })).match(/name="stateToken" value="([^"]+)"/) ?? [];
    if (!stateToken) return;
    await ask({ username: login, stateToken, password: `not the one ${tries}` });
  }
}
