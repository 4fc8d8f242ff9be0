//! Signing in, stepping up, signing out: the acts behind the pages. Each runs in three beats, so that no slow work holds
//! a writer: read the rows, prove outside any transaction, then decide, count, consume, save and record in one.
//!
//! A name that nobody has, a wrong password, a locked or suspended account: one answer, one status, one cost. Whether
//! there is more to say is told by mail to whom it concerns.

pub mod check;
pub mod choice;
mod duties;
pub mod enrolment;
pub mod new_password;
pub mod passkey;
mod password;
pub mod recovery;
pub mod recovery_code;
pub mod ruling;
pub mod session;
pub mod set_up;
mod step_up;
pub mod verify;
pub mod view;

use postern_authn::audit::{Actor, Client, Event, EventType};
use postern_authn::factor::{Answer, Enrolled, Kind, PASSWORD};
use postern_authn::limit::{Charge, Limit};
use postern_authn::sign_in::{Asking, Denial, Proof, Purpose, Recovering, SignIn, Want, Wishes};
use postern_authn::user::{self, Login, User};
use postern_codes::id::{Id, Org, User as UserKind};
use postern_codes::{Env, Secret, Timestamp, b64, mac};
use postern_store::factor_codes::Bond;
use postern_store::sign_ins::SignInRow;
use postern_store::{Error, Tx};

pub use session::{Granted, sign_out};
pub use step_up::step_up;

use crate::App;
use crate::api::ApiError;
use check::Checked;
use ruling::Ruling;
use session::{grant, open_session};
use verify::{Judged, Outcome, Scene};

/// What the person is asked next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// What must be proved.
    pub wanted: Want,
    /// Whether the person has an app or a token for it; of nobody in particular it is said.
    pub has_app: bool,
    /// Whether they have a passkey for it; told only after something was proved, as what follows.
    pub has_passkey: bool,
    /// Whether they have something else for it.
    pub has_others: bool,
}

impl Question {
    /// The question to somebody who has these factors.
    fn to_holder_of(own: &[Enrolled], asking: &Asking, wanted: Want) -> Self {
        let fits = |kinds: &dyn Fn(Kind) -> bool| {
            own.iter().any(|factor| kinds(factor.kind) && asking.takes(&factor.traits()))
        };
        let is_app = |kind| matches!(kind, Kind::Hotp | Kind::Totp);
        Self {
            wanted,
            has_app: fits(&is_app),
            has_passkey: own.iter().any(|factor| factor.kind == Kind::WebAuthn),
            has_others: fits(&|kind| !is_app(kind) && kind != Kind::WebAuthn),
        }
    }

    /// Whether the password answers it.
    pub fn is_password(&self) -> bool {
        self.wanted.is_met_by(&PASSWORD)
    }
}

/// What somebody answers.
pub enum Reply {
    /// A factor's answer.
    Factor(Answer),
    /// The password.
    Password(Secret<String>),
}

/// What an answer led to.
#[must_use]
pub enum Step {
    /// More is wanted.
    Asked(Question),
    /// A factor was proved to a program, which is all that was asked.
    Checked(Box<Checked>),
    /// The password is right and expired: the token of the page where another is chosen.
    Expired(Secret<String>),
    /// Everything was proved to a program.
    Granted(Box<Granted>),
    /// What somebody without a password came for is theirs, and no session.
    Recovered(Box<Recovered>),
    /// Nothing changed, for this reason.
    Refused(Refusal),
    /// In: the session's token, for the cookie alone.
    SignedIn(Secret<String>),
    /// It goes on where [`view`] says.
    Stands,
}

/// What somebody has who came for something else than a session.
pub struct Recovered {
    /// Who.
    pub user: User,
    /// What they came for.
    pub recovering: Recovering,
    /// What the program wants back.
    pub relay_state: Option<String>,
}

impl Recovered {
    fn new(user: User, recovering: Recovering, wishes: &Wishes) -> Self {
        Self { user, recovering, relay_state: wishes.relay_state.clone() }
    }
}

/// Why an answer was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The account is locked until then. Said only to somebody who proved the password.
    Locked(Timestamp),
    /// The person has no factor that could prove what is wanted.
    NothingEnrolled,
    /// Nothing could prove what is wanted but a telephone, and the password was chosen by a code to one.
    PhoneTwice,
    /// It was not of the form of a code; no attempt was spent.
    Slip,
    /// The sign-in is over, unknown, or was continued elsewhere.
    StartAgain,
    /// Too often; until then. Right answers are refused too.
    TooMany(Limit, Timestamp),
    /// The code is wrong.
    WrongCode,
    /// The passkey is nobody's here, or its answer does not fit.
    WrongPasskey,
    /// Name or password are wrong, or the account is locked or gone: it is not said which.
    WrongNameOrPassword,
}

/// Begins a sign-in for whoever says to have this name; gives its token. It begins alike for a name that nobody has.
///
/// # Errors
/// 429 where the address began too many; of the database.
pub async fn begin(app: &App, client: &Client, name: &str) -> Result<(Secret<String>, Question), ApiError> {
    begin_for(app, client, name, (Purpose::Console, Wishes::default())).await
}

/// The same for any purpose.
///
/// # Errors
/// As [`begin`].
pub async fn begin_for(
    app: &App,
    client: &Client,
    name: &str,
    (purpose, wishes): (Purpose, Wishes),
) -> Result<(Secret<String>, Question), ApiError> {
    let token = app.env().token();
    let question = begin_under(app, client, name, Purposed { purpose, wishes, replaces: None }, &token).await?;
    Ok((token, question))
}

/// What a sign-in is begun for.
struct Purposed {
    purpose: Purpose,
    wishes: Wishes,
    /// The transaction of the same token that it takes the place of.
    replaces: Option<SignInRow>,
}

async fn begin_under(
    app: &App,
    client: &Client,
    name: &str,
    Purposed { purpose, wishes, replaces }: Purposed,
    token: &Secret<String>,
) -> Result<Question, ApiError> {
    let (org, env) = (app.org().await?, app.env());
    let login: Option<Login> = name.trim().parse().ok();
    let hash = mac::sha256(&[token.expose().as_bytes()]);
    let begun = app.store.write(org, |tx| {
        // A program of the organisation's own begins the sign-ins of many, and is counted by its token.
        if !wishes.is_trusted
            && let Charge::RetryAt(at) = charge(tx, Limit::SignInsOfAddress, &client.ip, client, &env)?
        {
            return Ok(Err(ApiError::too_many(Limit::SignInsOfAddress.message(), at)));
        }
        if let Some(row) = &replaces
            && !tx.end_sign_in(row)?
        {
            return Ok(Err(choice::wrong_state()));
        }
        let user = login.as_ref().map(|login| tx.user_by_login(login)).transpose()?.flatten();
        let demands = ruling::opening(tx)?;
        // No policy of ours is done before it has asked.
        let asked = match SignIn::begin(user.map(|user| user.id), purpose, &demands, env.now) {
            SignIn::Asking(asking) => asking.wanted().map(|wanted| (asking, wanted)),
            SignIn::Complete(_) | SignIn::Denied(_) => None,
        };
        let (asking, wanted) = asked.ok_or_else(|| Error::fault("a policy decided before it asked"))?;
        tx.insert_sign_in(&asking.wishing(wishes.clone()), (hash, &name_key(name)), env.now)?;
        Ok(Ok(Question { wanted, has_app: true, has_passkey: false, has_others: false }))
    });
    begun.await?
}

/// Answers the question of a sign-in under way at our own page.
///
/// # Errors
/// Of the database or the hash function. What is refused is no error.
pub async fn answer(app: &App, client: &Client, token: &Secret<String>, reply: Reply) -> Result<Step, ApiError> {
    let (org, env) = (app.org().await?, app.env());
    let hash = mac::sha256(&[token.expose().as_bytes()]);
    let found = app.store.read(org, |tx| tx.sign_in(hash, env.now)).await?;
    let Some((row, asking)) = found.filter(|(_, asking)| asking.purpose() == Purpose::Console) else {
        return Ok(Step::Refused(Refusal::StartAgain));
    };
    Stage { app, org, client: client.clone(), row, asking, env }.answer(reply).await
}

/// A sign-in under way, as it was read.
pub struct Stage<'a> {
    app: &'a App,
    org: Id<Org>,
    client: Client,
    row: SignInRow,
    asking: Asking,
    env: Env,
}

impl Stage<'_> {
    /// Answers what is asked, by whatever the person has that fits.
    ///
    /// # Errors
    /// Of the database or the hash function. What is refused is no error.
    pub async fn answer(self, reply: Reply) -> Result<Step, ApiError> {
        match reply {
            Reply::Factor(answer) => self.answer_factor(&answer).await,
            Reply::Password(password) => self.answer_password(password).await,
        }
    }

    async fn answer_factor(self, answer: &Answer) -> Result<Step, ApiError> {
        let Self { app, org, client, row, asking, env } = self;
        let client = &client;
        let bond = Bond::SignIn(b64::encode(&row.token_hash));
        // Where something held is asked for first, nobody is asked for it too, and whoever has nothing: as with a password,
        // names are counted, and one answer is given to all.
        let is_first = asking.is_first() && !asking.takes(&PASSWORD);
        if is_first
            && let Some(refusal) = app.store.write(org, |tx| charge_name(tx, &row, &asking, client, &env)).await?
        {
            return Ok(Step::Refused(refusal));
        }
        let Some((user, judged)) = judge(app, org, (&asking, &bond), answer, &env).await? else {
            if !is_first {
                return Ok(Step::Refused(Refusal::StartAgain));
            }
            let event = Event::failure(EventType::UserAuthFactor, Actor::anonymous(), client.clone(), "no_factor");
            app.store.write(org, |tx| tx.record(&event, &env)).await?;
            return Ok(Step::Refused(Refusal::WrongCode));
        };
        let scene = Scene { client: client.clone(), target: None, is_known: false };
        let step = app.store.write(org, |tx| match verify::settle(tx, &user, &judged, &scene, &env)? {
            Outcome::Accepted(proof) => take(tx, &row, asking.clone(), proof, (&user, client), &env),
            _ if is_first => Ok(Step::Refused(Refusal::WrongCode)),
            refused => Ok(Step::Refused(refusal(&refused))),
        });
        Ok(step.await?)
    }
}

/// Counts an answer against the name that was said, whether anybody has it or not, and against where it comes from. A
/// stranger who uses up the attempts of a name leaves those of the browsers that its owner signs in with.
fn charge_name(
    tx: &mut Tx<'_>,
    row: &SignInRow,
    asking: &Asking,
    client: &Client,
    env: &Env,
) -> Result<Option<Refusal>, Error> {
    let nobody = Id::<UserKind>::new(env);
    let is_known = tx.knows_browser(asking.user().unwrap_or(nobody), client.browser)?;
    let subject = match client.browser {
        Some(browser) if is_known => format!("{}.{}", row.name_key, b64::encode(&browser[..9])),
        Some(_) | None => row.name_key.clone(),
    };
    let is_counted = !asking.wishes().is_trusted;
    let address = is_counted.then_some((Limit::SignInsOfAddress, &client.ip));
    for (limit, subject) in address.into_iter().chain([(Limit::SignIns, &subject)]) {
        if let Charge::RetryAt(at) = charge(tx, limit, subject, client, env)? {
            return Ok(Some(Refusal::TooMany(limit, at)));
        }
    }
    Ok(None)
}

/// Has the factors judge that could prove what is wanted now. Nothing is judged for nobody, or while the password is
/// wanted: strangers' guesses must not count.
async fn judge(
    app: &App,
    org: Id<Org>,
    (asking, bond): (&Asking, &Bond),
    answer: &Answer,
    env: &Env,
) -> Result<Option<(User, Vec<Judged>)>, ApiError> {
    let Some(id) = asking.user() else { return Ok(None) };
    if asking.takes(&PASSWORD) && !matches!(answer, Answer::Assertion(_)) {
        return Ok(None);
    }
    let (user, mut candidates) = app.store.read(org, |tx| Ok((tx.user(id)?, tx.candidates(id, bond)?))).await?;
    let Some(user) = user else { return Ok(None) };
    // A code is asked of no passkey: that somebody has one would show in the answer. A question has a card of its own.
    let takes =
        |kind: Kind| kind != Kind::Question && (kind == Kind::WebAuthn) == matches!(answer, Answer::Assertion(_));
    candidates.retain(|candidate| {
        let kind = candidate.factor.kind;
        takes(kind) && asking.takes(&kind.factor().traits()) && user.may_prove_by(kind)
    });
    let judged = verify::judge(app, org, (candidates, bond), answer, env).await?;
    Ok((!judged.is_empty()).then_some((user, judged)))
}

/// Adds a proof and saves what follows: the next question, or a session.
fn take(
    tx: &mut Tx<'_>,
    row: &SignInRow,
    asking: Asking,
    proof: Proof,
    (user, client): (&User, &Client),
    env: &Env,
) -> Result<Step, Error> {
    if asking.is_outdated(user.password_changed_at) {
        return Ok(Step::Refused(Refusal::StartAgain));
    }
    let ruling = ruling::of(tx, user, client, env)?;
    let Ok(next) = asking.answer(proof, &ruling.demands, env.now) else {
        return Ok(Step::Refused(Refusal::StartAgain));
    };
    go_on(tx, row, next, (user, client, &ruling), env)
}

/// Saves what follows once the policy was asked.
fn go_on(
    tx: &mut Tx<'_>,
    row: &SignInRow,
    next: SignIn,
    (user, client, ruling): (&User, &Client, &Ruling),
    env: &Env,
) -> Result<Step, Error> {
    let own = tx.usable_factors_of(user.id)?;
    let next = duties::lead(tx, next, (user, &own), (client, ruling), env)?;
    match next {
        // The password is theirs; to be let in they prove more than the telephone that it came by.
        SignIn::Asking(asking) if asking.has_gone_every_way(user, &own) => {
            if !tx.end_sign_in(row)? {
                return Ok(Step::Refused(Refusal::StartAgain));
            }
            if asking.is_by_phone() {
                let recovered = Recovered::new(user.clone(), Recovering::Password, asking.wishes());
                return Ok(Step::Recovered(Box::new(recovered)));
            }
            let event = Event::failure(EventType::SessionStart, actor(user), client.clone(), "telephone_twice");
            tx.record(&event, env)?;
            Ok(Step::Refused(Refusal::PhoneTwice))
        }
        SignIn::Asking(asking) => Ok(if !tx.save_sign_in(row, &asking, env.now)? {
            Step::Refused(Refusal::StartAgain)
        } else if let (Purpose::Console | Purpose::StepUp(_), Some(wanted)) = (asking.purpose(), asking.wanted()) {
            let fitting: Vec<_> = own.into_iter().filter(|factor| user.may_prove_by(factor.kind)).collect();
            Step::Asked(Question::to_holder_of(&fitting, &asking, wanted))
        } else {
            Step::Stands
        }),
        SignIn::Complete(complete) => {
            if !tx.end_sign_in(row)? {
                return Ok(Step::Refused(Refusal::StartAgain));
            }
            ruling.record(tx, (user, client), None, env)?;
            match complete.purpose() {
                Purpose::Api => grant(tx, user, (&complete, ruling), client, env),
                Purpose::Check => check::complete(tx, (user, complete.wishes()), client, env),
                Purpose::Console | Purpose::StepUp(_) => {
                    open_session(tx, user, (&complete, ruling), client, env).map(Step::SignedIn)
                }
            }
        }
        SignIn::Denied(denied) => {
            tx.end_sign_in(row)?;
            let reason = denied.reason.as_str();
            ruling.record(tx, (user, client), Some(reason), env)?;
            tx.record(&Event::failure(EventType::SessionStart, actor(user), client.clone(), reason), env)?;
            Ok(Step::Refused(match denied.reason {
                Denial::NothingEnrolled => Refusal::NothingEnrolled,
                // The answer of Okta's API too: what rules there are is nobody's business at the door.
                Denial::Policy => Refusal::WrongNameOrPassword,
            }))
        }
    }
}

pub(crate) fn charge(
    tx: &mut Tx<'_>,
    limit: Limit,
    subject: &str,
    client: &Client,
    env: &Env,
) -> Result<Charge, Error> {
    let allowance = tx.allowance(limit)?;
    let charged = tx.charge(limit, subject, allowance, env.now)?;
    if let Charge::RetryAt(_) = charged {
        let event = Event::failure(EventType::RateLimitViolation, Actor::anonymous(), client.clone(), limit.name());
        tx.record(&event, env)?;
    }
    Ok(charged)
}

/// Under what attempts for a name are counted: 24 bits of its hash. That is enough to tell names apart and too little to
/// find out what was typed, which may be a password in the wrong field.
pub(crate) fn name_key(name: &str) -> String {
    b64::encode(&mac::sha256(&[user::fold(name.trim()).as_bytes()])[..3])
}

fn actor(user: &User) -> Actor {
    Actor::user(user.id, user.login.as_str(), &user.name())
}

pub(crate) fn open_hash(
    app: &App,
    sealed: &postern_codes::Sealed<postern_authn::password::PasswordHash>,
) -> Result<Secret<String>, ApiError> {
    let plain = app.store.keyring().open(sealed)?;
    String::from_utf8(plain.expose().clone()).map(Secret::new).map_err(ApiError::fault)
}

fn refusal(outcome: &Outcome) -> Refusal {
    match outcome {
        Outcome::Limited(at) => Refusal::TooMany(Limit::FactorFailures, *at),
        Outcome::Locked(until) => Refusal::Locked(*until),
        Outcome::Slip => Refusal::Slip,
        Outcome::Accepted(_) | Outcome::Unavailable => Refusal::StartAgain,
        Outcome::Replayed | Outcome::Stale | Outcome::Unverified | Outcome::Wrong => Refusal::WrongCode,
    }
}
