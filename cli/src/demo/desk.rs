//! The help desk at the console's sign-in page: name, password, app code, as a browser sends them.

use anyhow::{Context as _, bail};
use postern_codes::Secret;
use postern_codes::env::World;

use super::facts::Person;
use super::http::{Answer, Client};
use super::phone::Phone;

const PAGE: &str = "/signin";
/// A code that was typed by hand meanwhile is refused; the next one is not.
const TRIES: usize = 3;

/// Signs in; the session's cookie, whole.
///
/// # Errors
/// Where the server refuses.
pub fn sign_in(nobody: &Client, person: &Person, phone: &Phone, world: &dyn World) -> anyhow::Result<Secret<String>> {
    let name = ("username", person.login.as_str());
    let asked = nobody.submit(PAGE, &[name])?.expect(200)?;
    let token = hidden(&asked, "stateToken").context("the sign-in page asks for no password")?;
    let token = ("stateToken", token.as_str());
    nobody.submit(PAGE, &[name, token, ("password", person.password.expose())])?.expect(200)?;
    for _ in 0..TRIES {
        let code = phone.fresh_code(world);
        let answer = nobody.submit(PAGE, &[name, token, ("passCode", code.expose())])?;
        if let Some(cookie) = answer.cookie {
            return Ok(cookie);
        }
    }
    bail!("the server does not let {} in; wait half a minute and try again", person.login)
}

/// The value of a hidden field.
fn hidden(page: &Answer, name: &str) -> Option<String> {
    let (_, rest) = page.body().split_once(&format!("name=\"{name}\" value=\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}
