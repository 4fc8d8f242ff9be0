//! The way back by a code that a telephone of the person's gets. To strangers every name is answered alike, through every
//! step: a sign-in is begun, a code is wrong, five wrong ones end it, another is sent. Of a name that nobody has, or whose
//! person may not come back so, the same is kept and nothing leaves.
//!
//! Whoever guesses locks nobody out: what dies is the code, counted in the place that each answer saves by its version, so
//! that of answers side by side one is looked at. The telephone is one that the person has as an active factor; what it
//! proves here it does not prove again beside the password that it led to.

use axum::http::StatusCode;
use postern_authn::audit::{Actor, Client, Event};
use postern_authn::factor::{self, Channel, Enrolled};
use postern_authn::limit::{Charge, Limit};
use postern_authn::permission::Right;
use postern_authn::sign_in::{Asking, Place, Recovering, RecoveryCode, Wishes};
use postern_authn::user::{Login, User};
use postern_codes::id::{Id, User as UserKind};
use postern_codes::{Env, Secret, mac};
use postern_store::{Error, Tx};

use super::choice::wrong_state;
use super::{Recovered, Stage, Step, actor, charge, name_key, recovery};
use crate::App;
use crate::account::lost;
use crate::api::caller::Allowed;
use crate::api::users::{reached, target};
use crate::api::{ApiError, Caller};
use crate::factors::sending::{self, LIFE};
use crate::factors::{Doer, refusal};
use crate::sign_in::verify::Outcome;

/// What is come for, and by which way.
pub type Way = (Recovering, Channel);

/// A factor, and where its codes go.
type Phone = (Enrolled, sending::Recipient);

/// Whose a code is, if anybody's, and what is kept of it.
type Sent = (Option<Id<UserKind>>, RecoveryCode);

/// Whom a code is for.
struct Asked {
    /// Whoever has the name that was said.
    person: Option<User>,
    /// Whether what hinders is told: to a program of the organisation's own alone.
    is_told: bool,
}

/// Begins for whoever says to have this name; gives the sign-in's token. A program that holds `R` is told what hinders it.
///
/// # Errors
/// 429 where so many were sent for this name, or from this address; of the database. To a program 403 for nobody, for whom
/// the policy does not let, and for whom no telephone is there.
pub async fn begin<R: Right>(
    app: &App,
    client: &Client,
    (way, name): (Way, &str),
    (wishes, program): (Wishes, Option<Caller>),
) -> Result<Secret<String>, ApiError> {
    let by: Option<Allowed<R>> = match program {
        Some(program) => Some(program.require(app).await?),
        None => None,
    };
    let (org, env) = (app.org().await?, app.env());
    let login: Option<Login> = name.trim().parse().ok();
    let (token, key) = (env.token(), name_key(name));
    let hash = mac::sha256(&[token.expose().as_bytes()]);
    let begun = app.store.write(org, |tx| {
        let asked = if let Some(by) = &by {
            match reached(tx, by, name.trim(), lost::begun(way.0), &env)? {
                Ok(person) => Asked { person: Some(person), is_told: true },
                Err(refused) => return Ok(Err(refused)),
            }
        } else {
            if let Err(refused) = charge_public(tx, (way.1, &key), client, &env)? {
                return Ok(Err(refused));
            }
            let person = login.as_ref().map(|login| tx.user_by_login(login)).transpose()?.flatten();
            Asked { person, is_told: false }
        };
        Ok(match send(tx, asked, way, (&hash, &key), client, &env)? {
            Ok((user, code)) => {
                let asking = Asking::by_code(user, way.0, code, env.now).wishing(wishes.clone());
                tx.insert_sign_in(&asking, (hash, &key), env.now)?;
                Ok(())
            }
            Err(refused) => Err(refused),
        })
    });
    begun.await??;
    Ok(token)
}

/// Counts what strangers have sent, under the name alone: whether anybody has it makes no difference.
fn charge_public(
    tx: &mut Tx<'_>,
    (by, key): (Channel, &str),
    client: &Client,
    env: &Env,
) -> Result<Result<(), ApiError>, Error> {
    let limit = sending::limit(by);
    if let Charge::RetryAt(at) = charge(tx, limit, &format!("name {key}"), client, env)? {
        return Ok(Err(sending::refused((limit, by), at)));
    }
    let charged = lost::charge_name(tx, key, client, env)?;
    Ok(charged.map_err(|(limit, at)| ApiError::too_many(limit.message(), at)))
}

/// Makes a code, and sends it to whoever may come back by it. Gives whose it is, and what is kept of it.
fn send(
    tx: &mut Tx<'_>,
    Asked { person, is_told }: Asked,
    way: Way,
    (flow, key): (&[u8; 32], &str),
    client: &Client,
    env: &Env,
) -> Result<Result<Sent, ApiError>, Error> {
    let typed = factor::new_code(env);
    let kind = lost::begun(way.0);
    let may = lost::may_begin(tx, person.as_ref(), way, client, env)?;
    let id = person.as_ref().map_or_else(|| Id::new(env), |person| person.id);
    let phone = phone(tx, id, way.1)?;
    let code = RecoveryCode::new(way.1, tag(tx.keyring(), flow, phone.as_ref(), &typed), env.now);
    let (person, phone, to) = match (person, phone) {
        (Some(person), Some((phone, to))) if may => (person, phone, to),
        (Some(person), _) if is_told => {
            let event = Event::failure(kind, Actor::anonymous(), client.clone(), "not_admitted");
            tx.record(&event.target(target(&person)), env)?;
            return Ok(Err(if may { no_phone() } else { lost::refused(way.0) }));
        }
        _ => {
            // The same work for nobody.
            for limit in [sending::limit(way.1), Limit::CodesOfPerson, Limit::Messages] {
                let allowance = tx.allowance(limit)?;
                let _unused = tx.limit_state(limit, key, allowance, env.now)?;
            }
            tx.new_link(lost::link(way.0), "nobody", LIFE, env)?;
            tx.record(&Event::failure(kind, Actor::anonymous(), client.clone(), "not_admitted"), env)?;
            return Ok(Ok((None, code)));
        }
    };
    let doer = Doer { actor: Actor::anonymous(), client: client.clone(), session: None };
    match sending::charge(tx, (&doer, &person), &to, env)? {
        Ok(()) => sending::send_recovery(tx, &doer, (&person, &phone), (&to, way.0), &typed, env)?,
        Err(refused) if is_told => return Ok(Err(refused)),
        // What was sent to this telephone for something else is nobody's business: nothing leaves, and nothing is said.
        Err(_) => {}
    }
    tx.record(&Event::success(kind, Actor::anonymous(), client.clone()).target(target(&person)), env)?;
    Ok(Ok((Some(person.id), code)))
}

/// The telephone that a person's code is sent to: that of their active factor of this way, which the organisation allows.
fn phone(tx: &mut Tx<'_>, user: Id<UserKind>, by: Channel) -> Result<Option<Phone>, Error> {
    let own = tx.usable_factors_of(user)?;
    let mut fitting = own.into_iter().filter(|factor| factor.kind.factor().channel() == Some(by));
    Ok(fitting.find_map(|factor| sending::recipient(factor.kind, &factor.profile).map(|to| (factor, to))))
}

/// What a code is known again by, in this flow and for this telephone alone.
fn tag(keyring: &mac::Keyring, flow: &[u8; 32], phone: Option<&Phone>, code: &Secret<String>) -> [u8; 32] {
    let phone = phone.map_or("nobody", |(factor, _)| factor.id.as_str());
    keyring.index(&[b"recovery_codes", flow, phone.as_bytes(), code.expose().trim().as_bytes()])
}

fn no_phone() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "E0000097", "There is no verified phone number on file.")
}

impl Stage<'_> {
    /// Answers with the code that was sent. Whatever hinders, it is one answer: the code is wrong.
    ///
    /// # Errors
    /// 403 where none of this way is awaited, and for a wrong code; 429 after too many for the name.
    pub async fn answer_code(self, by: Channel, typed: Secret<String>) -> Result<Step, ApiError> {
        let (recovering, sent) = self.sent(by)?;
        let Self { app, org, client, row, asking, env } = self;
        let answered = app.store.write(org, |tx| {
            let limit = Limit::RecoveryCodes;
            if let Charge::RetryAt(at) = charge(tx, limit, &row.name_key, &client, &env)? {
                return Ok(Err(ApiError::too_many(limit.message(), at)));
            }
            let person = asking.user().unwrap_or_else(|| Id::new(&env));
            let phone = phone(tx, person, by)?;
            let is_right = sent.is(&tag(tx.keyring(), &row.token_hash, phone.as_ref(), &typed), env.now);
            let person = tx.user(person)?.filter(|user| {
                lost::link(recovering).is_open_to(user.status) && !asking.is_outdated(user.password_changed_at)
            });
            let Some(user) = person.filter(|_| is_right) else {
                let next = asking.clone().moved(Place::Code(recovering, sent.missed()));
                if !tx.save_sign_in(&row, &next, env.now)? {
                    return Ok(Err(wrong_state()));
                }
                let event = Event::failure(lost::begun(recovering), Actor::anonymous(), client.clone(), "invalid_code");
                tx.record(&event, &env)?;
                return Ok(Err(refusal(&Outcome::Wrong, factor::Kind::Sms)));
            };
            let asks = recovery::asks_question(tx, &user, recovering)?;
            let is_done = recovering == Recovering::Unlock && !asks;
            let next = asking.clone().came_by_phone(recovering, asks);
            // Of answers side by side, one finds the row as it was read: the code is used up by it.
            let is_first = if is_done { tx.end_sign_in(&row)? } else { tx.save_sign_in(&row, &next, env.now)? };
            if !is_first {
                return Ok(Err(wrong_state()));
            }
            tx.clear_limit(limit, &row.name_key)?;
            let event = Event::success(lost::begun(recovering), actor(&user), client.clone()).target(target(&user));
            tx.record(&event.detail("proof", by.as_str()), &env)?;
            if !is_done {
                return Ok(Ok(Step::Stands));
            }
            recovery::unlock(tx, app, &user, &client, &env)?;
            Ok(Ok(Step::Recovered(Box::new(Recovered::new(user, recovering, asking.wishes())))))
        });
        answered.await?
    }

    /// Sends another code, which takes the place of the one before.
    ///
    /// # Errors
    /// 403 where none of this way is awaited; 429 where one was sent just now.
    pub async fn resend_code(self, by: Channel) -> Result<(), ApiError> {
        let (recovering, _) = self.sent(by)?;
        let Self { app, org, client, row, asking, env } = self;
        let is_told = asking.wishes().is_trusted;
        let sent = app.store.write(org, |tx| {
            if !is_told && let Err(refused) = charge_public(tx, (by, &row.name_key), &client, &env)? {
                return Ok(Err(refused));
            }
            let person = asking.user().unwrap_or_else(|| Id::new(&env));
            let asked = Asked { person: tx.user(person)?, is_told };
            let flow = (&row.token_hash, row.name_key.as_str());
            let (_, code) = match send(tx, asked, (recovering, by), flow, &client, &env)? {
                Ok(sent) => sent,
                Err(refused) => return Ok(Err(refused)),
            };
            let next = asking.clone().moved(Place::Code(recovering, code));
            Ok(if tx.save_sign_in(&row, &next, env.now)? { Ok(()) } else { Err(wrong_state()) })
        });
        sent.await?
    }

    fn sent(&self, by: Channel) -> Result<(Recovering, RecoveryCode), ApiError> {
        match self.asking.place() {
            Place::Code(recovering, sent) if sent.by == by => Ok((recovering, sent)),
            _ => Err(wrong_state()),
        }
    }
}
