//! Set-up: the one-time link that the first start prints makes the organisation and its first administrator, who proves
//! their authenticator app by a first code. What was answered before that waits, sealed, with the link; nothing exists
//! until the code is right, and then everything does, in one transaction.

use std::collections::BTreeMap;

use postern_authn::audit::{Actor, Client, Event, EventType, Target};
use postern_authn::factor::totp;
use postern_authn::org::OrgName;
use postern_authn::password::{NewPassword, Owner};
use postern_authn::permission::Role;
use postern_authn::policy::password::Complexity;
use postern_authn::user::{Login, Profile, Status, User};
use postern_codes::id::{Id, Org, User as UserKind};
use postern_codes::otp;
use postern_codes::{Env, Secret};
use postern_store::{Error, Tx};
use serde::{Deserialize, Serialize, Serializer};

use crate::App;
use crate::api::ApiError;
use crate::org_keys::make_org_keys;

/// What the first page asks, as it was typed.
pub struct Form {
    /// Name of the organisation.
    pub org_name: String,
    /// Given name of the administrator.
    pub first_name: String,
    /// Family name of the administrator.
    pub last_name: String,
    /// Their mail address, which is also their login.
    pub email: String,
    /// Their password.
    pub password: Secret<String>,
}

/// A field of the form and what is wrong with it.
pub type Wrong = (FormField, String);

/// A field of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormField {
    /// The mail address.
    Email,
    /// The given name.
    FirstName,
    /// The family name.
    LastName,
    /// The organisation's name.
    OrgName,
    /// The password.
    Password,
}

/// What came of the first page.
#[must_use]
pub enum Prepared {
    /// The link is unknown, used or too old.
    LinkOver,
    /// It waits for the first code.
    Ready,
    /// These fields are to be mended.
    Wrong(Vec<Wrong>),
}

/// What the second page shows: the app is paired by it.
pub struct Pairing {
    /// Name of the organisation to be.
    pub org_name: String,
    /// The secret in base 32.
    pub secret: Secret<String>,
    /// The same as a QR code's text.
    pub uri: Secret<String>,
}

/// What came of the first code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Finished {
    /// There is an organisation, and one person who may do everything.
    Done,
    /// The link is unknown, used or too old, or the first page was not answered.
    LinkOver,
    /// The code is not the one that the app shows.
    WrongCode,
}

/// What was answered so far. Its text leaves this file sealed.
#[derive(Serialize, Deserialize)]
struct Draft {
    org_name: String,
    first_name: String,
    last_name: String,
    email: String,
    #[serde(serialize_with = "into_the_seal")]
    password_hash: Secret<String>,
    #[serde(serialize_with = "into_the_seal")]
    totp_secret: Secret<String>,
}

fn into_the_seal<S: Serializer>(secret: &Secret<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Takes the first page's answers and makes the secret of the app.
///
/// # Errors
/// Of the database or the hash function.
pub async fn prepare(app: &App, token: &Secret<String>, form: Form) -> Result<Prepared, ApiError> {
    let env = app.env();
    if !app.store.system().is_setup_link_alive(token, env.now).await? {
        return Ok(Prepared::LinkOver);
    }
    let Form { org_name, first_name, last_name, email, password } = form;
    let [org_name, first_name, last_name, email] =
        [org_name, first_name, last_name, email].map(|text| text.trim().to_owned());
    let mut wrong = wrong_names(&org_name, &first_name, &last_name, &email);
    let owner = Owner { login: &email, first_name: &first_name, last_name: &last_name };
    // There is no policy before there is an organisation: what would be its default.
    let password = match NewPassword::judge(password, &Complexity::default(), &owner) {
        Ok(password) if wrong.is_empty() => password,
        judged => {
            let broken = judged.err().unwrap_or_default();
            let broken: Vec<String> = broken.iter().map(ToString::to_string).collect();
            wrong.extend((!broken.is_empty()).then(|| (FormField::Password, broken.join("; "))));
            return Ok(Prepared::Wrong(wrong));
        }
    };
    let draft = Draft {
        org_name,
        first_name,
        last_name,
        email,
        password_hash: app.passwords.hash(password.into_secret(), &env).await?,
        totp_secret: otp::base32(&totp::new_secret(&env)),
    };
    let text = Secret::new(serde_json::to_vec(&draft).map_err(ApiError::fault)?);
    let kept = app.store.system().put_setup_draft(token, &text, &env).await?;
    Ok(if kept { Prepared::Ready } else { Prepared::LinkOver })
}

/// What pairs the app, once the first page was answered.
///
/// # Errors
/// Of the database.
pub async fn pairing(app: &App, token: &Secret<String>) -> Result<Option<Pairing>, ApiError> {
    let Some(draft) = draft(app, token).await? else { return Ok(None) };
    let secret = app_secret(&draft)?;
    let uri = otp::otpauth_uri(&secret, &draft.org_name, &draft.email);
    Ok(Some(Pairing { org_name: draft.org_name, secret: draft.totp_secret, uri }))
}

/// Takes the first code and makes everything.
///
/// # Errors
/// Of the database; nothing is made then.
pub async fn finish(
    app: &App,
    client: &Client,
    token: &Secret<String>,
    code: &Secret<String>,
) -> Result<Finished, ApiError> {
    let env = app.env();
    let Some(draft) = draft(app, token).await? else { return Ok(Finished::LinkOver) };
    let user = first_user(&draft, &env)?;
    let org_name: OrgName = draft.org_name.parse().map_err(ApiError::fault)?;
    let secret = app_secret(&draft)?;
    let Some(factor) = totp::enrol(&user, &secret, code, env.now) else { return Ok(Finished::WrongCode) };
    let org = Id::<Org>::new(&env);
    let made = app.store.system().use_setup_link(token, org, env.now, |tx| {
        tx.insert_org(&org_name, &env)?;
        make_org_keys(tx, &env)?;
        if !tx.insert_user(&user, "SETUP", user.id.as_str(), &env)? {
            return Err(Error::fault("a new organisation has people"));
        }
        tx.set_password(user.id, draft.password_hash.expose(), &env)?;
        tx.insert_factor(&factor, &env)?;
        tx.assign_role(user.id, Role::Super, user.id.as_str(), &env)?;
        record(tx, org, org_name.as_str(), &user, client, &env)
    });
    Ok(if made.await?.is_some() { Finished::Done } else { Finished::LinkOver })
}

async fn draft(app: &App, token: &Secret<String>) -> Result<Option<Draft>, ApiError> {
    let Some(text) = app.store.system().setup_draft(token, app.env().now).await? else { return Ok(None) };
    serde_json::from_slice(text.expose()).map(Some).map_err(ApiError::fault)
}

fn wrong_names(org_name: &str, first_name: &str, last_name: &str, email: &str) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    if let Err(bad) = org_name.parse::<OrgName>() {
        wrong.push((FormField::OrgName, bad.to_string()));
    }
    for (field, name) in [(FormField::FirstName, first_name), (FormField::LastName, last_name)] {
        if !(1..=50).contains(&name.chars().count()) || name.contains(char::is_control) {
            wrong.push((field, "must have 1 to 50 characters on one line".to_owned()));
        }
    }
    if email.parse::<Login>().is_err() || email.parse::<lettre::Address>().is_err() {
        wrong.push((FormField::Email, "must be a mail address, such as ada@example.com".to_owned()));
    }
    wrong
}

fn first_user(draft: &Draft, env: &Env) -> Result<User, ApiError> {
    let profile = Profile {
        first_name: draft.first_name.clone(),
        last_name: draft.last_name.clone(),
        email: draft.email.clone(),
        further: BTreeMap::new(),
    };
    let login: Login = draft.email.parse().map_err(ApiError::fault)?;
    Ok(User::new(Id::<UserKind>::new(env), login, profile, Status::Active, env.now))
}

fn app_secret(draft: &Draft) -> Result<Secret<Vec<u8>>, ApiError> {
    otp::from_base32(draft.totp_secret.expose())
        .ok_or_else(|| ApiError::from(Error::fault("a draft's secret is no base 32")))
}

fn record(tx: &mut Tx<'_>, org: Id<Org>, org_name: &str, user: &User, client: &Client, env: &Env) -> Result<(), Error> {
    let person = Target::new("User", user.id, user.login.as_str(), &user.name());
    let of = |kind| {
        let actor = Actor::user(user.id, user.login.as_str(), &user.name());
        Event::success(kind, actor, client.clone())
    };
    tx.record(&of(EventType::OrgCreate).target(Target::new("Org", org, org_name, org_name)), env)?;
    for kind in [EventType::UserCreate, EventType::UserPasswordUpdate, EventType::FactorActivate] {
        tx.record(&of(kind).target(person.clone()), env)?;
    }
    tx.record(&of(EventType::PrivilegeGrant).target(person).detail("role", Role::Super.as_str()), env)
}
