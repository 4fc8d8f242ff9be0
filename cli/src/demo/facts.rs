//! `demo.json`: who and what there is in the demo, with the secrets that a person would have in their head or phone.

use std::path::PathBuf;

use postern_codes::Secret;
use serde::{Deserialize, Serialize, Serializer};

/// The whole file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Where everything is.
    pub server_url: String,
    /// The organisation.
    pub org_id: String,
    /// Who may do everything.
    pub super_admin: Administrator,
    /// Who answers the phone.
    pub help_desk: Administrator,
    /// Who is locked out.
    pub person: Person,
    /// The one computer.
    pub device: Device,
    /// A code, not used yet, with which another computer may join.
    pub enrollment_code: String,
    /// Others who use the same computer.
    pub colleagues: Vec<Person>,
}

/// Somebody who signs in to the console.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Administrator {
    /// Who, and what they know and have.
    #[serde(flatten)]
    pub person: Person,
    /// For programs that act as them.
    #[serde(serialize_with = "reveal")]
    pub api_token: Secret<String>,
}

/// Somebody, with what they know and what they have.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// Their id at the server.
    pub id: String,
    /// What they sign in with.
    pub login: String,
    /// Their password.
    #[serde(serialize_with = "reveal")]
    pub password: Secret<String>,
    /// What their authenticator app keeps, in base 32.
    #[serde(serialize_with = "reveal")]
    pub totp_secret: Secret<String>,
}

/// The computer.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// Its id at the server.
    pub id: String,
    /// What is printed on its underside.
    pub serial_number: String,
    /// Where its agent answers.
    pub agent_socket: PathBuf,
}

impl Person {
    /// Their account on the computer.
    pub fn account(&self) -> &str {
        self.login.split(['.', '@']).next().unwrap_or_default()
    }
}

impl Facts {
    /// Everybody who has an account on the computer.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        std::iter::once(&self.person).chain(&self.colleagues)
    }

    /// Who has the account, or signs in with the name, that was given.
    pub fn person_named(&self, name: &str) -> Option<&Person> {
        self.people().find(|person| person.account() == name || person.login == name)
    }
}

/// The demo's secrets protect nothing but the demo, and its file is for its owner alone.
fn reveal<S: Serializer>(secret: &Secret<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}
