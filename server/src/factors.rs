//! What is done to a person's factors: enrolment begun and finished, a code sent, an answer judged, a factor removed. The
//! acts behind every way in: the Factors API, a sign-in, a page. Whoever calls one has made sure that the caller may, and
//! says in which flow it is: a code for one flow counts in no other.
//!
//! Nothing here judges an answer by itself: that is [`sign_in::verify`](crate::sign_in::verify), with its counters.

mod refused;
pub mod sending;

use postern_authn::audit::{self, Actor, Event, EventType, Target};
use postern_authn::factor::{
    Activation, Answer, Enrolled, Kind, NewFactor, NotEnrollable, Provider, Status, Wanted, email, webauthn,
};
use postern_authn::limit::{Charge, Limit};
use postern_authn::policy::enroll::Enrolment;
use postern_authn::user::User;
use postern_codes::id::{Factor, FactorProfile, Id, Org, Session, User as UserKind};
use postern_codes::{Env, Secret, Timestamp, mac};
use postern_store::challenges::{Asking, Bond as Question};
use postern_store::factor_codes::Bond;
use postern_store::factors::OrgFactors;
use postern_store::{Error, Tx};
use serde_json::Value;

use crate::App;
use crate::api::{ApiError, Caller};
use crate::cases::tickets;
use crate::console::factor_words::named;
use crate::console::people;
use crate::console::words::say;
use crate::notices;
use crate::sign_in::verify::{self, Outcome, Scene};
use sending::{Sending, send};

pub use refused::{no_site, refusal};

/// Who acts, for the record.
#[derive(Debug, Clone)]
pub struct Doer {
    /// As whom.
    pub actor: Actor,
    /// From where.
    pub client: audit::Client,
    /// The session that goes on whatever else ends.
    pub session: Option<Id<Session>>,
}

impl Doer {
    /// A caller.
    pub fn of(caller: &Caller) -> Self {
        Self { actor: caller.actor(), client: caller.client.0.clone(), session: caller.session() }
    }

    /// Somebody who signs in.
    pub fn signing_in(user: &User, client: &audit::Client) -> Self {
        let actor = Actor::user(user.id, user.login.as_str(), &user.name());
        Self { actor, client: client.clone(), session: None }
    }

    fn success(&self, kind: EventType, user: &User, factor: &Enrolled) -> Event {
        about(Event::success(kind, self.actor.clone(), self.client.clone()), user, factor)
    }

    fn failure(&self, kind: EventType, code: &str, user: &User, factor: &Enrolled) -> Event {
        about(Event::failure(kind, self.actor.clone(), self.client.clone(), code), user, factor)
    }

    fn is(&self, user: &User) -> bool {
        self.actor.id == user.id.as_str()
    }
}

fn about(event: Event, user: &User, factor: &Enrolled) -> Event {
    let what = Target::new("UserFactor", factor.id, factor.kind.as_str(), factor.kind.factor().label());
    let event = event.target(Target::new("User", user.id, user.login.as_str(), &user.name())).target(what);
    event.detail("factor", factor.kind.as_str()).detail("provider", factor.provider.clone())
}

/// A factor that is to be enrolled.
pub struct Enrolling {
    /// Its type.
    pub kind: Kind,
    /// Who makes it.
    pub provider: &'static Provider,
    /// The `profile` of the request.
    pub profile: Value,
    /// The make of a token.
    pub make: Option<Id<FactorProfile>>,
    /// Whether another number takes the place of one that was not proved yet.
    pub updates_phone: bool,
    /// Whether whoever acts vouches for it in place of a first answer.
    pub is_vouched_for: bool,
    /// The page that asks; the server's own address where no page does.
    pub origin: Option<String>,
    /// How a code is sent.
    pub sending: Sending,
}

/// A factor that is enrolled, or waits for its first answer.
pub struct Begun {
    /// The factor.
    pub factor: Enrolled,
    /// What its owner needs for the first answer. Shown this once.
    pub pairing: Option<Pairing>,
}

/// What somebody needs to give the first answer.
pub enum Pairing {
    /// An app takes this secret.
    App(Secret<Vec<u8>>),
    /// A device is asked this.
    Device(Value),
}

/// What somebody answers.
pub enum Reply {
    /// What a device signed, as JSON: in the members of the API, or as a page's script sends it.
    Signed(Secret<String>),
    /// A code or an answer.
    Typed(Secret<String>),
    /// Two codes in a row.
    TypedTwo(Secret<String>, Secret<String>),
}

/// Whether somebody may enrol a factor of this type and maker: the organisation and the policy both have a say.
///
/// # Errors
/// Of the database.
pub fn enrolment(tx: &mut Tx<'_>, user: Id<UserKind>, (kind, provider): (Kind, &Provider)) -> Result<Enrolment, Error> {
    let (allowed, _) = tx.setting::<OrgFactors>()?;
    if !allowed.allows(provider) {
        return Ok(Enrolment::NotAllowed);
    }
    Ok(tx.enrolment_policy(user)?.of(kind))
}

/// A factor of this person, begun or active.
///
/// # Errors
/// 404 for one that is not theirs.
pub fn theirs(tx: &mut Tx<'_>, user: Id<UserKind>, which: &str) -> Result<Result<Enrolled, ApiError>, Error> {
    let found = tx.all_factors_of(user)?.into_iter().find(|factor| factor.id.as_str() == which);
    let listed = found.filter(|factor| factor.kind.factor().is_listed());
    Ok(listed.ok_or_else(|| ApiError::not_found::<Factor>(which)))
}

/// Whether somebody's factors count at all: nothing is asked of whoever is suspended, or sent to them.
fn in_force(tx: &mut Tx<'_>, user: Id<UserKind>) -> Result<Result<(), ApiError>, Error> {
    let is_in_force = tx.user(user)?.is_some_and(|user| user.status.is_in_force());
    Ok(if is_in_force { Ok(()) } else { Err(refused::status()) })
}

/// Begins an enrolment. What counts at once, or is vouched for, is enrolled by it; a code is sent, where codes are.
///
/// # Errors
/// 400 for what cannot be enrolled, 403 for a status without factors, 429 where a code was sent just now.
pub async fn begin(app: &App, org: Id<Org>, doer: &Doer, user: &User, asked: Enrolling) -> Result<Begun, ApiError> {
    let env = app.env();
    if !user.status.is_in_force() {
        return Err(refused::status());
    }
    let (kind, provider) = (asked.kind, asked.provider);
    let read = app.store.read(org, |tx| {
        let make = asked.make.map(|make| tx.factor_profile(make)).transpose()?.flatten();
        let name = tx.org_record()?.map(|org| org.name).unwrap_or_default();
        let (demands, _) = tx.setting::<webauthn::Demands>()?;
        Ok((tx.all_factors_of(user.id)?, make, name, demands))
    });
    let (held, make, org_name, demands) = read.await?;
    let site = match kind {
        Kind::WebAuthn => site(app, asked.origin.as_deref(), &org_name).map(|party| (party, demands)),
        _ => None,
    };
    let wanted = Wanted {
        provider,
        profile: &asked.profile,
        owner: user,
        held: &held,
        updates_phone: asked.updates_phone,
        make: make.as_ref().map(|make| &make.make),
        site: site.as_ref(),
    };
    let draft = kind.factor().begin(&wanted, &env).map_err(refused::enrolment)?;
    let secret = if draft.is_hashed {
        let plain = String::from_utf8(draft.secret.expose().clone()).map_err(ApiError::fault)?;
        let hash = app.passwords.hash(Secret::new(plain), &env).await?;
        Secret::new(hash.expose().as_bytes().to_vec())
    } else {
        draft.secret
    };
    let is_active = kind.factor().is_active_at_once() || (asked.is_vouched_for && kind.factor().may_be_vouched_for());
    let status = if is_active { Status::Active } else { Status::PendingActivation };
    let new =
        NewFactor { user: user.id, kind, provider: provider.name, status, profile: draft.profile, secret, counter: 0 };
    let kept = app.store.write(org, |tx| {
        if !tx.hold_factors_of(user.id)? {
            return Ok(Err(ApiError::not_found::<UserKind>(user.id.as_str())));
        }
        if enrolment(tx, user.id, (kind, provider))? == Enrolment::NotAllowed {
            return Ok(Err(refused::not_allowed()));
        }
        let is_there = |factor: &Enrolled| (factor.kind, factor.provider.as_str()) == (kind, provider.name);
        if !kind.factor().may_be_several() && tx.factors_of(user.id)?.iter().any(is_there) {
            return Ok(Err(refused::enrolment(NotEnrollable::AlreadySetUp)));
        }
        let recipient = sending::recipient(kind, &new.profile);
        if let (Some(recipient), false) = (&recipient, is_active)
            && let Err(refused) = sending::charge(tx, (doer, user), recipient, &env)?
        {
            return Ok(Err(refused));
        }
        if !kind.factor().may_be_several() {
            tx.abandon_factors(user.id, (kind, provider), env.now)?;
        }
        let id = tx.insert_factor(&new, &env)?;
        let factor = match theirs(tx, user.id, id.as_str())? {
            Ok(factor) => factor,
            Err(refused) => return Ok(Err(refused)),
        };
        if is_active {
            tx.record(&doer.success(EventType::FactorActivate, user, &factor), &env)?;
            tell_enrolled(tx, user, &factor, &env)?;
            tickets::enrolled(tx, app, (doer, user, &factor), &env)?;
        } else {
            tx.record(&doer.success(EventType::FactorEnrol, user, &factor), &env)?;
        }
        if let (Some(recipient), false) = (&recipient, is_active) {
            send(tx, doer, (user, &factor, &Bond::Enrolment), (recipient, &asked.sending), &env)?;
        }
        if let Some(Activation::Device(asked)) = &draft.activation {
            ask(tx, &factor, &Bond::Enrolment, &asked.1, env.now)?;
        }
        Ok(Ok(factor))
    });
    let factor = kept.await??;
    let pairing = match draft.activation {
        Some(Activation::App) => Some(Pairing::App(new.secret)),
        Some(Activation::Device(asked)) => Some(Pairing::Device(asked.0)),
        None => None,
    };
    Ok(Begun { factor, pairing })
}

/// Takes the first answer of a factor that waits for one.
///
/// # Errors
/// 404 for a factor that is not theirs, 403 for one that waits no more and for a wrong answer, 429 after five.
pub async fn activate(
    app: &App,
    org: Id<Org>,
    doer: &Doer,
    user: &User,
    (which, reply): (&str, Reply),
) -> Result<Enrolled, ApiError> {
    let env = app.env();
    let bond = Bond::Enrolment;
    let read = app.store.read(org, |tx| {
        Ok(match theirs(tx, user.id, which)? {
            Ok(factor) => Ok(tx.with_codes(vec![factor], &bond)?),
            Err(refused) => Err(refused),
        })
    });
    let Some(candidate) = read.await??.pop() else { return Err(ApiError::not_found::<Factor>(which)) };
    if candidate.factor.status != Status::PendingActivation {
        return Err(refused::state());
    }
    let made = match answer(app, org, &candidate.factor, &bond, reply).await? {
        Some(answer) => verify::activate(app, &candidate, user, &answer, &env)?,
        None => Err(Outcome::Wrong),
    };
    let factor = &candidate.factor;
    let done = app.store.write(org, |tx| {
        tx.hold_factors_of(user.id)?;
        if let Err(refused) = in_force(tx, user.id)? {
            return Ok(Err(refused));
        }
        if let Charge::RetryAt(at) = verify::charge_activation(tx, factor, &env)? {
            tx.record(&doer.failure(EventType::FactorActivate, "rate_limit", user, factor), &env)?;
            return Ok(Err(refusal(&Outcome::Limited(at), factor.kind)));
        }
        let refuse = |tx: &mut Tx<'_>, outcome: &Outcome| {
            let code = outcome.code().unwrap_or_default();
            tx.record(&doer.failure(EventType::FactorActivate, code, user, factor), &env)?;
            Ok(Err(refusal(outcome, factor.kind)))
        };
        let made = match &made {
            Ok(made) => made,
            Err(outcome) => return refuse(tx, outcome),
        };
        let provider = factor.kind.provider(&factor.provider);
        let provider = provider.ok_or_else(|| Error::fault("a factor has no maker"))?;
        if enrolment(tx, user.id, (factor.kind, provider))? == Enrolment::NotAllowed {
            return Ok(Err(refused::not_allowed()));
        }
        let is_there = |other: &Enrolled| (other.kind, &other.provider) == (factor.kind, &factor.provider);
        if !factor.kind.factor().may_be_several() && tx.factors_of(user.id)?.iter().any(is_there) {
            return Ok(Err(refused::enrolment(NotEnrollable::AlreadySetUp)));
        }
        let handle = made.profile.as_ref().and_then(|profile| factor.kind.factor().handle(profile));
        if let Some(handle) = handle
            && tx.factor_owner(handle)?.is_some()
        {
            return Ok(Err(refused::enrolment(NotEnrollable::AlreadySetUp)));
        }
        if !tx.activate_factor(factor, made, &env)? {
            return refuse(tx, &Outcome::Replayed);
        }
        tx.clear_limit(Limit::FactorActivations, &verify::first_answers_of(factor))?;
        tx.record(&doer.success(EventType::FactorActivate, user, factor), &env)?;
        tell_enrolled(tx, user, factor, &env)?;
        tickets::enrolled(tx, app, (doer, user, factor), &env)?;
        theirs(tx, user.id, which)
    });
    done.await?
}

/// Sends the code of an enrolment anew.
///
/// # Errors
/// 404 for a factor that is not theirs, 403 for one that waits for no code, 429 where one was sent just now or its tries
/// are spent.
pub async fn resend(
    app: &App,
    org: Id<Org>,
    doer: &Doer,
    user: &User,
    (which, sending): (&str, Sending),
) -> Result<Enrolled, ApiError> {
    let env = app.env();
    let sent = app.store.write(org, |tx| {
        let factor = match theirs(tx, user.id, which)? {
            Ok(factor) => factor,
            Err(refused) => return Ok(Err(refused)),
        };
        if let Err(refused) = in_force(tx, user.id)? {
            return Ok(Err(refused));
        }
        let recipient = sending::recipient(factor.kind, &factor.profile);
        let (Some(recipient), Status::PendingActivation) = (recipient, factor.status) else {
            return Ok(Err(refused::state()));
        };
        let limit = Limit::FactorActivations;
        let allowance = tx.allowance(limit)?;
        if let Charge::RetryAt(at) = tx.limit_state(limit, &verify::first_answers_of(&factor), allowance, env.now)? {
            return Ok(Err(ApiError::too_many(limit.message(), at)));
        }
        if let Err(refused) = reachable(user, &factor) {
            return Ok(Err(refused));
        }
        if let Err(refused) = sending::charge(tx, (doer, user), &recipient, &env)? {
            return Ok(Err(refused));
        }
        send(tx, doer, (user, &factor, &Bond::Enrolment), (&recipient, &sending), &env)?;
        Ok(Ok(factor))
    });
    sent.await?
}

/// Asks for an answer: sends a code, or says what a device is to be asked.
///
/// # Errors
/// 404 for a factor that is not theirs, 423 for one that does not count, 400 for one that is asked nothing, 429 where a
/// code was sent just now.
pub async fn challenge(
    app: &App,
    org: Id<Org>,
    doer: &Doer,
    user: &User,
    (which, bond): (&str, &Bond),
    (sending, origin): (Sending, Option<&str>),
) -> Result<(Enrolled, Option<Value>), ApiError> {
    let env = app.env();
    let read = app.store.read(org, |tx| {
        let name = tx.org_record()?.map(|org| org.name).unwrap_or_default();
        let (demands, _) = tx.setting::<webauthn::Demands>()?;
        Ok((usable(tx, user.id, which)?, name, demands))
    });
    let (factor, org_name, demands) = read.await?;
    let factor = factor?;
    if factor.kind == Kind::WebAuthn {
        let party = site(app, origin, &org_name).ok_or_else(refused::no_site)?;
        let asked = webauthn::ask_to_prove(Some(std::slice::from_ref(&factor)), (party, &demands), env.now);
        let (options, ceremony) = asked.map_err(ApiError::fault)?;
        let asked = app.store.write(org, |tx| match in_force(tx, user.id)? {
            Ok(()) => ask(tx, &factor, bond, &ceremony, env.now).map(Ok),
            Err(refused) => Ok(Err(refused)),
        });
        asked.await??;
        return Ok((factor, Some(options)));
    }
    let Some(recipient) = sending::recipient(factor.kind, &factor.profile) else {
        let member = if factor.kind == Kind::Question { "answer" } else { "passCode" };
        return Err(ApiError::validation(member, [format!("{member}: The field cannot be left blank")]));
    };
    reachable(user, &factor)?;
    let sent = app.store.write(org, |tx| {
        if let Err(refused) = in_force(tx, user.id)?.and(usable(tx, user.id, which)?) {
            return Ok(Err(refused));
        }
        if let Err(refused) = sending::charge(tx, (doer, user), &recipient, &env)? {
            return Ok(Err(refused));
        }
        send(tx, doer, (user, &factor, bond), (&recipient, &sending), &env).map(Ok)
    });
    sent.await??;
    Ok((factor, None))
}

/// Judges an answer by one factor. What it came to is counted, used up and recorded.
///
/// # Errors
/// 404 for a factor that is not theirs, 423 for one that does not count. What is refused is no error.
pub async fn verify(
    app: &App,
    org: Id<Org>,
    user: &User,
    (which, bond): (&str, &Bond),
    reply: Reply,
    scene: &Scene,
) -> Result<(Enrolled, Outcome), ApiError> {
    let read = app.store.read(org, |tx| {
        let factor = match usable(tx, user.id, which)? {
            Ok(factor) => factor,
            Err(refused) => return Ok(Err(refused)),
        };
        let person = tx.user(user.id)?;
        let candidates = tx.with_codes(vec![factor.clone()], bond)?;
        Ok(Ok((factor, person, candidates)))
    });
    let (factor, person, candidates) = read.await??;
    let answer = answer(app, org, &factor, bond, reply).await?;
    let env = app.env();
    let Some(answer) = answer else {
        // Nothing is asked any more: whatever this is, it is no guess.
        let (actor, client) = (Doer::signing_in(user, &scene.client).actor, scene.client.clone());
        let event = about(Event::failure(EventType::UserAuthFactor, actor, client, "no_challenge"), user, &factor);
        app.store.write(org, |tx| tx.record(&event, &env)).await?;
        return Ok((factor, Outcome::Wrong));
    };
    let Some(person) = person else { return Ok((factor, Outcome::Unavailable)) };
    let judged = verify::judge(app, org, (candidates, bond), &answer, &env).await?;
    let settled = app.store.write(org, |tx| {
        let outcome = verify::conclude(tx, &person, &judged, scene, &env)?;
        Ok((theirs(tx, user.id, which)?, outcome))
    });
    let (now, outcome) = settled.await?;
    Ok((now.unwrap_or(factor), outcome))
}

/// Removes a factor; its person is told by mail and signed out everywhere else: whoever has the factor may be signed in with
/// it. The last one of an administrator stays: nobody could prove anything any more.
///
/// # Errors
/// Of the database; in it 404 for a factor that is not theirs, 409 for the last or for one that must be there.
pub fn remove_in(
    tx: &mut Tx<'_>,
    doer: &Doer,
    user: &User,
    which: Id<Factor>,
    env: &Env,
) -> Result<Result<(), ApiError>, Error> {
    if !tx.hold_factors_of(user.id)? {
        return Ok(Err(ApiError::not_found::<UserKind>(user.id.as_str())));
    }
    let factor = match theirs(tx, user.id, which.as_str())? {
        Ok(factor) => factor,
        Err(refused) => return Ok(Err(refused)),
    };
    let kind = EventType::FactorDeactivate;
    let is_active = factor.status == Status::Active;
    if let Some(refused) = hindrance(tx, doer, user, &factor)? {
        tx.record(&doer.failure(kind, refused.code, user, &factor), env)?;
        return Ok(Err(refused));
    }
    if !tx.retire_factor(factor.id, env.now)? {
        return Ok(Err(ApiError::not_found::<Factor>(which.as_str())));
    }
    tx.record(&doer.success(kind, user, &factor), env)?;
    if is_active {
        tx.void_challenges_of(user.id)?;
        tx.end_other_sessions_of(user.id, doer.session.filter(|_| doer.is(user)), env.now)?;
        notices::factors_changed(tx, user, say("mail-factor-removed").with("factor", named(&factor)), env)?;
    }
    Ok(Ok(()))
}

/// Why a factor of somebody stays, where it does: it is the last of an administrator, or must be there.
///
/// # Errors
/// Of the database.
pub fn hindrance(tx: &mut Tx<'_>, doer: &Doer, user: &User, factor: &Enrolled) -> Result<Option<ApiError>, Error> {
    if factor.status != Status::Active {
        return Ok(None);
    }
    let mut own = tx.factors_of(user.id)?;
    own.retain(|factor| factor.kind.factor().is_listed());
    if own.len() == 1 && keeps_its_last(tx, doer, user)? {
        return Ok(Some(refused::last_factor(doer.is(user))));
    }
    let is_the_only_one = !own.iter().any(|other| other.id != factor.id && other.kind == factor.kind);
    let must_be = doer.is(user) && tx.enrolment_policy(user.id)?.of(factor.kind) == Enrolment::Required;
    Ok((is_the_only_one && must_be).then(refused::required_factor))
}

/// Whether somebody's last factor stays: an administrator's own hand does not shut them out, and nobody's the last super
/// administrator.
fn keeps_its_last(tx: &mut Tx<'_>, doer: &Doer, user: &User) -> Result<bool, Error> {
    if doer.is(user) { Ok(tx.authority(user.id)?.is_administrator()) } else { tx.is_last_super(user.id) }
}

/// A factor of this person that may prove them now.
///
/// # Errors
/// Of the database; in it 404 for one that is not theirs, 423 for one that does not count.
pub fn usable(tx: &mut Tx<'_>, user: Id<UserKind>, which: &str) -> Result<Result<Enrolled, ApiError>, Error> {
    let factor = match theirs(tx, user, which)? {
        Ok(factor) => factor,
        Err(refused) => return Ok(Err(refused)),
    };
    let (allowed, _) = tx.setting::<OrgFactors>()?;
    let counts = factor.status == Status::Active && allowed.allows_factor(&factor);
    Ok(if counts { Ok(factor) } else { Err(refused::inactive()) })
}

/// Whether a code can still reach its person: an address that is no longer theirs gets none.
fn reachable(user: &User, factor: &Enrolled) -> Result<(), ApiError> {
    let address = factor.profile["email"].as_str();
    if factor.kind == Kind::Email && !address.is_some_and(|address| email::is_theirs(user, address)) {
        return Err(refused::enrolment(NotEnrollable::Email));
    }
    Ok(())
}

/// The page address that a device signs for: that of the page which asks, where it is one of ours.
pub fn site(app: &App, origin: Option<&str>, org: &str) -> Option<webauthn::RelyingParty> {
    let urls = &app.config.public_url;
    let origin = match origin {
        Some(origin) if urls.contains(origin) => origin,
        Some(_) => return None,
        None => urls.first(),
    };
    webauthn::RelyingParty::at(origin, org)
}

/// Keeps what a device is asked, under the factor that is to answer.
fn ask(
    tx: &mut Tx<'_>,
    factor: &Enrolled,
    bond: &Bond,
    ceremony: &webauthn::Ceremony,
    now: Timestamp,
) -> Result<(), Error> {
    let (hash, question) = question(factor, bond);
    tx.insert_challenge(ceremony, &question, hash, now)
}

fn question(factor: &Enrolled, bond: &Bond) -> ([u8; 32], Question) {
    let asking = match bond {
        Bond::Api | Bond::Computer(_) => Asking::Check,
        Bond::Enrolment => Asking::Enrolment,
        Bond::SignIn(_) => Asking::SignIn,
        Bond::StepUp(_) => Asking::StepUp,
    };
    let flow = format!("{} {}", factor.id, bond.text());
    let hash = mac::sha256(&[b"factor ", flow.as_bytes()]);
    (hash, Question { user: Some(factor.user), asking, flow })
}

/// What was answered, with what was asked of a device; that is taken away, so that no other answer to it is looked at.
/// Nothing, where nothing is asked any more.
///
/// # Errors
/// Of the database.
pub async fn answer(
    app: &App,
    org: Id<Org>,
    factor: &Enrolled,
    bond: &Bond,
    reply: Reply,
) -> Result<Option<Answer>, ApiError> {
    let response = match reply {
        Reply::Typed(typed) => return Ok(Some(Answer::Code(typed))),
        Reply::TypedTwo(first, second) => return Ok(Some(Answer::Codes(Box::new([first, second])))),
        Reply::Signed(response) => response,
    };
    let (hash, question) = question(factor, bond);
    let now = app.env().now;
    let ceremony = app.store.write(org, |tx| tx.take_challenge(hash, &question, now)).await?;
    let assertion = ceremony.map(|ceremony| webauthn::Assertion { ceremony, response });
    Ok(assertion.map(|assertion| Answer::Assertion(Box::new(assertion))))
}

fn tell_enrolled(tx: &mut Tx<'_>, user: &User, factor: &Enrolled, env: &Env) -> Result<(), Error> {
    let what = say("mail-factor-enrolled").with("factor", people::factor(factor.kind));
    notices::factors_changed(tx, user, what, env)
}
