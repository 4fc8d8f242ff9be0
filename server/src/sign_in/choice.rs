//! A sign-in once something was proved: a factor is chosen, asked and answered; one steps back, leaves
//! out what may be left, or gives up.

use axum::http::StatusCode;
use postern_authn::audit::{Client, Event, EventType};
use postern_authn::factor::webauthn::{self, Assertion};
use postern_authn::factor::{Answer, Enrolled, Kind, PASSWORD};
use postern_authn::sign_in::{Asking, Place, Purpose, Want};
use postern_authn::user::User;
use postern_codes::id::Factor;
use postern_codes::{Secret, b64, mac};
use postern_store::challenges::{Asking as AskedFor, Bond as Question};
use postern_store::factor_codes::Bond;
use serde_json::Value;

use super::verify::{self, Outcome, Scene};
use super::{Refusal, Stage, Step, actor, duties, go_on, ruling, take};
use crate::App;
use crate::api::ApiError;
use crate::factors::sending::Sending;
use crate::factors::{self, Doer, Reply, refusal};

/// What a factor is called by in place of its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// One factor.
    Factor(String),
    /// Every factor of a type.
    Kind(Kind),
    /// The password.
    Password,
}

impl Chosen {
    /// Reads it as the API has it in a path.
    pub fn read(text: &str) -> Self {
        match text.parse::<Kind>() {
            Ok(kind) => Self::Kind(kind),
            Err(()) if text == "password" => Self::Password,
            Err(()) => Self::Factor(text.to_owned()),
        }
    }
}

/// A step that is not allowed where the sign-in stands.
pub fn wrong_state() -> ApiError {
    let summary = "This operation is not allowed in the current authentication state.";
    ApiError::new(StatusCode::FORBIDDEN, "E0000079", summary)
}

impl<'a> Stage<'a> {
    /// The sign-in of this token that a program leads.
    ///
    /// # Errors
    /// 401 where it is unknown or over.
    pub async fn open(app: &'a App, client: &Client, token: &Secret<String>) -> Result<Self, ApiError> {
        Self::open_any(app, client, token, &[Purpose::Api, Purpose::Check]).await
    }

    /// The sign-in of this token that was begun for this; it waits as long again. What the device is known by that it began
    /// on is known all along.
    ///
    /// # Errors
    /// 401 where it is unknown or over.
    pub async fn open_for(
        app: &'a App,
        client: &Client,
        token: &Secret<String>,
        purpose: Purpose,
    ) -> Result<Self, ApiError> {
        Self::open_any(app, client, token, &[purpose]).await
    }

    async fn open_any(
        app: &'a App,
        client: &Client,
        token: &Secret<String>,
        purposes: &[Purpose],
    ) -> Result<Self, ApiError> {
        let (org, env) = (app.org().await?, app.env());
        let hash = mac::sha256(&[token.expose().as_bytes()]);
        let opened = app.store.write(org, |tx| {
            let found = tx.sign_in(hash, env.now)?.filter(|(_, asking)| purposes.contains(&asking.purpose()));
            let is_alive = found.is_some() && tx.touch_sign_in(hash, env.now)?;
            Ok(found.filter(|_| is_alive))
        });
        let (row, asking) = opened.await?.ok_or_else(ApiError::invalid_token)?;
        let mut client = client.clone();
        client.browser = asking.wishes().device.or(client.browser);
        Ok(Self { app, org, client, row, asking, env })
    }

    /// Where it stands.
    pub const fn asking(&self) -> &Asking {
        &self.asking
    }

    /// The same, with a device that is to be known again from here on.
    #[must_use]
    pub fn remembering(mut self, remembers: bool) -> Self {
        self.asking = self.asking.remembering(remembers);
        self
    }

    /// Whose sign-in it is, once anything was proved.
    pub(super) async fn person(&self) -> Result<User, ApiError> {
        let Some(id) = self.asking.user().filter(|_| !self.asking.is_first()) else { return Err(wrong_state()) };
        let user = self.app.store.read(self.org, |tx| tx.user(id)).await?;
        let user =
            user.filter(|user| user.status.takes_password() && !self.asking.is_outdated(user.password_changed_at));
        user.ok_or_else(ApiError::invalid_token)
    }

    /// In which flow a code counts, or what a device signs.
    pub(super) fn bond(&self) -> Bond {
        Bond::SignIn(b64::encode(&self.row.token_hash))
    }

    /// Keeps where it stands from now on, and nothing of what others read of it before.
    pub(super) async fn move_to(&mut self, place: Place) -> Result<(), ApiError> {
        let asking = self.asking.clone().moved(place);
        let (row, now) = (&self.row, self.env.now);
        let is_first = self.app.store.write(self.org, |tx| tx.save_sign_in(row, &asking, now)).await?;
        if !is_first {
            return Err(wrong_state());
        }
        self.row.version += 1;
        self.asking = asking;
        Ok(())
    }

    /// Asks a factor: sends its code, or says what a device is to be asked.
    ///
    /// # Errors
    /// 403 where none is asked now, 404 for one that is not theirs, 429 where a code was sent just now.
    pub async fn challenge(
        mut self,
        which: &str,
        (sending, origin): (Sending, Option<&str>),
    ) -> Result<Option<Value>, ApiError> {
        let user = self.person().await?;
        let factor = self.one(&user, which).await?;
        let wanted = self.wanted()?;
        if !wanted.is_met_by(&factor.traits()) {
            return Err(wrong_state());
        }
        // First, so that of two who ask at once one has a code sent, whose code then counts.
        self.move_to(Place::Challenged(wanted, factor.id)).await?;
        if factor.kind != Kind::WebAuthn && factor.kind.factor().channel().is_none() {
            return Ok(None);
        }
        let (doer, bond) = (Doer::signing_in(&user, &self.client), self.bond());
        Ok(factors::challenge(self.app, self.org, &doer, &user, (which, &bond), (sending, origin)).await?.1)
    }

    /// Asks whichever security key the person has at hand.
    ///
    /// # Errors
    /// 403 where none is asked now, 404 where they have none.
    pub async fn challenge_keys(mut self, origin: Option<&str>) -> Result<Option<Value>, ApiError> {
        let user = self.person().await?;
        let wanted = self.wanted()?;
        let keys = self.of_kind(&user, Kind::WebAuthn).await?;
        if keys.is_empty() {
            return Err(ApiError::not_found::<Factor>(Kind::WebAuthn.as_str()));
        }
        let read = self.app.store.read(self.org, |tx| Ok((tx.org_record()?.map(|org| org.name), tx.setting()?.0)));
        let (name, demands) = read.await?;
        let party = factors::site(self.app, origin, &name.unwrap_or_default()).ok_or_else(factors::no_site)?;
        let asked = webauthn::ask_to_prove(Some(&keys), (party, &demands), self.env.now).map_err(ApiError::fault)?;
        let (hash, question) = self.keys_question(&user);
        let now = self.env.now;
        self.move_to(Place::ChallengedKind(wanted, Kind::WebAuthn)).await?;
        self.app.store.write(self.org, |tx| tx.insert_challenge(&asked.1, &question, hash, now)).await?;
        Ok(Some(asked.0))
    }

    /// Judges an answer by one factor; where that is an app, by the codes on paper and a ticket too.
    ///
    /// # Errors
    /// What was wrong with the answer, which is counted; 403 where none is asked for, 404 for a factor that is not theirs.
    pub async fn answer_with(self, which: &str, reply: Reply) -> Result<Step, ApiError> {
        let user = self.person().await?;
        let factor = self.one(&user, which).await?;
        self.wanted()?;
        let bond = self.bond();
        let Some(answer) = factors::answer(self.app, self.org, &factor, &bond, reply).await? else {
            return self.nothing_asked(&user, factor.kind).await;
        };
        let takes_paper = matches!(factor.kind, Kind::Totp | Kind::Hotp);
        let is_paper = |kind| matches!(kind, Kind::BackupCodes | Kind::EnrolmentTicket);
        let fits = |other: &Enrolled| other.id == factor.id || takes_paper && is_paper(other.kind);
        self.judge(&user, factor.kind, fits, &answer).await
    }

    /// Judges what a security key signed, whichever of the person's it is.
    ///
    /// # Errors
    /// As [`answer_with`](Self::answer_with).
    pub async fn answer_keys(self, reply: Reply) -> Result<Step, ApiError> {
        let user = self.person().await?;
        self.wanted()?;
        let Reply::Signed(response) = reply else { return self.nothing_asked(&user, Kind::WebAuthn).await };
        let (hash, question) = self.keys_question(&user);
        let now = self.env.now;
        let taken = self.app.store.write(self.org, |tx| tx.take_challenge(hash, &question, now)).await?;
        let Some(ceremony) = taken else { return self.nothing_asked(&user, Kind::WebAuthn).await };
        let answer = Answer::Assertion(Box::new(Assertion { ceremony, response }));
        self.judge(&user, Kind::WebAuthn, |other| other.kind == Kind::WebAuthn, &answer).await
    }

    /// Sends the code of the factor that is asked anew.
    ///
    /// # Errors
    /// 403 where another one is asked, or none; 429 where one was sent just now.
    pub async fn resend(self, which: &str, sending: Sending) -> Result<(), ApiError> {
        let user = self.person().await?;
        let factor = self.one(&user, which).await?;
        match self.asking.place() {
            Place::Challenged(_, asked) if asked == factor.id && factor.kind.factor().channel().is_some() => {}
            _ => return Err(wrong_state()),
        }
        let (doer, bond) = (Doer::signing_in(&user, &self.client), self.bond());
        factors::challenge(self.app, self.org, &doer, &user, (which, &bond), (sending, None)).await.map(drop)
    }

    /// Steps back to where another factor can be chosen.
    ///
    /// # Errors
    /// 403 where there is no step back.
    pub async fn back(mut self) -> Result<(), ApiError> {
        let before = match self.asking.place() {
            Place::Challenged(wanted, _) | Place::ChallengedKind(wanted, _) => Place::Proof(wanted),
            Place::Enrolling(_) => Place::Enrol,
            Place::Code(..)
            | Place::Enrol
            | Place::PasswordExpired
            | Place::PasswordReset(_)
            | Place::PasswordWarn
            | Place::Proof(_)
            | Place::Question(_)
            | Place::Unnamed => return Err(wrong_state()),
        };
        self.move_to(before).await
    }

    /// Leaves out what may be left out.
    ///
    /// # Errors
    /// 403 where nothing may.
    pub async fn skip(self) -> Result<Step, ApiError> {
        let user = self.person().await?;
        let Self { app, org, client, row, asking, env } = self;
        let skipped = app.store.write(org, |tx| {
            let ruling = ruling::of(tx, &user, &client, &env)?;
            let own = tx.usable_factors_of(user.id)?;
            let may_skip = match asking.place() {
                Place::PasswordWarn => true,
                Place::Enrol => {
                    let choices = duties::choices(tx, user.id, &own)?;
                    asking.is_proved(&ruling.demands, env.now) && !duties::misses_required(&choices)
                }
                _ => false,
            };
            if !may_skip {
                return Ok(Err(wrong_state()));
            }
            let next = asking.clone().skipped(&ruling.demands, env.now);
            go_on(tx, &row, next, (&user, &client, &ruling), &env).map(Ok)
        });
        skipped.await?
    }

    /// Gives up: nothing can be answered any more.
    ///
    /// # Errors
    /// Of the database.
    pub async fn cancel(self) -> Result<Option<String>, ApiError> {
        let Self { app, org, row, asking, .. } = self;
        if !app.store.write(org, |tx| tx.end_sign_in(&row)).await? {
            return Err(wrong_state());
        }
        Ok(asking.wishes().relay_state.clone())
    }

    /// Whatever something held is asked of, where the password was.
    fn wanted(&self) -> Result<Want, ApiError> {
        self.asking.wanted().filter(|wanted| !wanted.is_met_by(&PASSWORD)).ok_or_else(wrong_state)
    }

    async fn of_kind(&self, user: &User, kind: Kind) -> Result<Vec<Enrolled>, ApiError> {
        let mut own = self.app.store.read(self.org, |tx| tx.usable_factors_of(user.id)).await?;
        own.retain(|factor| factor.kind == kind);
        Ok(own)
    }

    /// A factor of the person's that may prove them; 404 for one that is not theirs, 423 for one that does not count.
    async fn one(&self, user: &User, which: &str) -> Result<Enrolled, ApiError> {
        let factor = self.app.store.read(self.org, |tx| factors::usable(tx, user.id, which)).await??;
        if user.may_prove_by(factor.kind) { Ok(factor) } else { Err(ApiError::not_found::<Factor>(which)) }
    }

    fn keys_question(&self, user: &User) -> ([u8; 32], Question) {
        let flow = format!("keys {}", self.bond().text());
        let hash = mac::sha256(&[b"keys ", flow.as_bytes()]);
        (hash, Question { user: Some(user.id), asking: AskedFor::SignIn, flow })
    }

    /// Nothing is asked any more: whatever was answered, it is no guess.
    async fn nothing_asked(&self, user: &User, kind: Kind) -> Result<Step, ApiError> {
        let event = Event::failure(EventType::UserAuthFactor, actor(user), self.client.clone(), "no_challenge");
        let env = &self.env;
        self.app.store.write(self.org, |tx| tx.record(&event.clone().detail("factor", kind.as_str()), env)).await?;
        Err(refusal(&Outcome::Wrong, kind))
    }

    async fn judge(
        self,
        user: &User,
        kind: Kind,
        fits: impl Fn(&Enrolled) -> bool,
        answer: &Answer,
    ) -> Result<Step, ApiError> {
        let bond = self.bond();
        let Self { app, org, client, row, asking, env } = self;
        let mut candidates = app.store.read(org, |tx| tx.candidates(user.id, &bond)).await?;
        candidates.retain(|other| {
            fits(&other.factor) && asking.takes(&other.factor.traits()) && user.may_prove_by(other.factor.kind)
        });
        let judged = verify::judge(app, org, (candidates, &bond), answer, &env).await?;
        let scene = Scene { client: client.clone(), target: None, is_known: false };
        let step = app.store.write(org, |tx| match verify::settle(tx, user, &judged, &scene, &env)? {
            Outcome::Accepted(proof) => take(tx, &row, asking.clone(), proof, (user, &client), &env).map(Ok),
            refused => Ok(Err(refusal(&refused, kind))),
        });
        match step.await?? {
            Step::Refused(Refusal::StartAgain) => Err(wrong_state()),
            step => Ok(step),
        }
    }
}
