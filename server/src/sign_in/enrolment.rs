//! Factors that are enrolled within a sign-in, before there is a session.

use postern_authn::factor::{Enrolled, Kind, Status};
use postern_authn::sign_in::{Place, Proof, SignIn};
use postern_authn::user::User;
use postern_codes::Secret;
use postern_codes::id::{Factor, Id};

use super::choice::wrong_state;
use super::{Refusal, Stage, Step, duties, go_on, ruling};
use crate::api::{ApiError, backup_codes};
use crate::cases::tickets;
use crate::factors::sending::Sending;
use crate::factors::{self, Begun, Doer, Enrolling, Reply};

impl Stage<'_> {
    /// Begins to enrol a factor; what counts at once is enrolled by it.
    ///
    /// # Errors
    /// 403 where none is enrolled now, 400 for what cannot be, 429 where a code was sent just now.
    pub async fn enrol(mut self, asked: Enrolling) -> Result<(Step, Option<Begun>), ApiError> {
        let user = self.person().await?;
        if !matches!(self.asking.place(), Place::Enrol | Place::Enrolling(_)) {
            return Err(wrong_state());
        }
        if asked.kind == Kind::Hotp {
            return Err(ApiError::validation("factorType", ["factorType: is not enrolled while signing in"]));
        }
        self.must_still(&user).await?;
        // Of two who go on from here, one does.
        self.move_to(Place::Enrol).await?;
        let doer = Doer::signing_in(&user, &self.client);
        let begun = factors::begin(self.app, self.org, &doer, &user, asked).await?;
        if begun.factor.status == Status::Active {
            return Ok((self.enrolled(&user, None).await?, None));
        }
        self.move_to(Place::Enrolling(begun.factor.id)).await?;
        Ok((Step::Stands, Some(begun)))
    }

    /// Takes the first answer of the factor that is being enrolled; it proves as much as any other.
    ///
    /// # Errors
    /// 403 where another one is enrolled, or none, and for a wrong answer; 404 for one that is not theirs; 429 after five.
    pub async fn activate(mut self, which: &str, reply: Reply) -> Result<Step, ApiError> {
        let user = self.person().await?;
        let id = self.enrolling(&user, which).await?;
        self.must_still(&user).await?;
        self.move_to(Place::Enrolling(id)).await?;
        let doer = Doer::signing_in(&user, &self.client);
        let factor = factors::activate(self.app, self.org, &doer, &user, (which, reply)).await?;
        let proof = Proof { traits: factor.traits(), ..Proof::factor(factor.kind, factor.id, self.env.now) };
        self.enrolled(&user, Some(proof)).await
    }

    /// Sends the code of the factor that is being enrolled anew.
    ///
    /// # Errors
    /// 403 where another one is enrolled, or none; 429 where one was sent just now.
    pub async fn resend_enrolment(self, which: &str, sending: Sending) -> Result<(), ApiError> {
        let user = self.person().await?;
        self.enrolling(&user, which).await?;
        let doer = Doer::signing_in(&user, &self.client);
        factors::resend(self.app, self.org, &doer, &user, (which, sending)).await.map(drop)
    }

    /// Makes backup codes for whoever came by a ticket that was given for them; it is used up, and the sign-in is over.
    ///
    /// # Errors
    /// 403 where it was given for something else, or none was shown.
    pub async fn make_codes(self) -> Result<Vec<Secret<String>>, ApiError> {
        let user = self.person().await?;
        let Self { app, org, client, row, asking, env } = self;
        let doer = Doer::signing_in(&user, &client);
        let made = app.store.write(org, |tx| {
            let is_there = matches!(asking.place(), Place::Enrol | Place::Enrolling(_)) && asking.has_ticket();
            if !is_there || !tickets::makes_codes(tx, user.id)? || !tx.end_sign_in(&row)? {
                return Ok(Err(wrong_state()));
            }
            let codes = backup_codes::make(tx, &doer, &user, &env)?;
            if codes.is_ok() {
                tickets::retire(tx, user.id, env.now)?;
            }
            Ok(codes)
        });
        made.await?
    }

    /// Refuses where the person may enrol nothing by what they proved, as things are now: they may have become an
    /// administrator since, or have got a factor elsewhere.
    async fn must_still(&self, user: &User) -> Result<(), ApiError> {
        let (client, env, asking) = (&self.client, &self.env, &self.asking);
        let may = self.app.store.read(self.org, |tx| {
            let ruling = ruling::of(tx, user, client, env)?;
            let own = tx.usable_factors_of(user.id)?;
            duties::may_enrol(tx, (user, &own), asking, (client, &ruling), env)
        });
        if may.await? { Ok(()) } else { Err(wrong_state()) }
    }

    /// The factor that waits for its first answer, where it is this one.
    async fn enrolling(&self, user: &User, which: &str) -> Result<Id<Factor>, ApiError> {
        let factor = self.app.store.read(self.org, |tx| factors::theirs(tx, user.id, which)).await??;
        match self.asking.place() {
            Place::Enrolling(id) if id == factor.id => Ok(id),
            _ => Err(wrong_state()),
        }
    }

    /// Goes on after a factor was enrolled; to more of them, where they are asked for and nothing else is missing.
    async fn enrolled(self, user: &User, proof: Option<Proof>) -> Result<Step, ApiError> {
        let Self { app, org, client, row, asking, env } = self;
        let step = app.store.write(org, |tx| {
            let ruling = ruling::of(tx, user, &client, &env)?;
            let next = asking.clone().enrolled(proof.clone(), &ruling.demands, env.now);
            let own: Vec<Enrolled> = tx.usable_factors_of(user.id)?;
            let has_more = duties::choices(tx, user.id, &own)?.iter().any(|choice| !choice.is_held);
            if let (SignIn::Complete(_), true, true) = (&next, asking.wishes().offers_optional, has_more) {
                let more = asking.clone().proved(proof.clone()).moved(Place::Enrol);
                let is_kept = tx.save_sign_in(&row, &more, env.now)?;
                return Ok(if is_kept { Step::Stands } else { Step::Refused(Refusal::StartAgain) });
            }
            go_on(tx, &row, next, (user, &client, &ruling), &env)
        });
        match step.await? {
            Step::Refused(Refusal::StartAgain) => Err(wrong_state()),
            step => Ok(step),
        }
    }
}
