//! Where a sign-in that a program leads stands, with whatever is shown of it there.

use postern_authn::factor::{Enrolled, Kind, Status};
use postern_authn::policy::password::PasswordSettings;
use postern_authn::sign_in::{Asking, PATIENCE, Place};
use postern_authn::user::User;
use postern_codes::Timestamp;

pub use super::duties::Choice;
use super::ruling::Ruling;
use super::{Stage, duties, ruling};
use crate::api::ApiError;
use crate::cases::tickets;

/// A sign-in as it stands.
pub struct View {
    /// Where.
    pub asking: Asking,
    /// Until when it waits.
    pub until: Timestamp,
    /// Who it is, once anything was proved, or a one-time link was shown.
    pub known: Option<Known>,
}

/// Somebody who is known to be there.
pub struct Known {
    /// Who.
    pub user: User,
    /// What could prove them.
    pub usable: Vec<Enrolled>,
    /// What they began to enrol.
    pub begun: Vec<Enrolled>,
    /// What they may enrol, or have.
    pub choices: Vec<Choice>,
    /// Whether the rest may be left out.
    pub may_skip: bool,
    /// Whether they may have backup codes made in place of it.
    pub makes_codes: bool,
    /// What their password must be like.
    pub password: PasswordSettings,
    /// What was decided of them.
    pub ruling: Ruling,
}

impl Stage<'_> {
    /// What is shown of it now.
    ///
    /// # Errors
    /// Of the database; 401 where its person may not sign in any more.
    pub async fn view(self) -> Result<View, ApiError> {
        let until = self.env.now.plus(PATIENCE);
        // Whoever is to type a code is nobody yet.
        if let Place::Code(..) = self.asking.place() {
            return Ok(View { asking: self.asking, until, known: None });
        }
        let user = match self.asking.place().recovering() {
            Some(recovering) => self.holder(recovering).await?,
            None if self.asking.is_first() => return Ok(View { asking: self.asking, until, known: None }),
            None => self.person().await?,
        };
        let Self { app, org, client, asking, env, .. } = self;
        let known = app.store.read(org, |tx| {
            let ruling = ruling::of(tx, &user, &client, &env)?;
            let mut usable = tx.usable_factors_of(user.id)?;
            usable.retain(|factor| user.may_prove_by(factor.kind) || asking.wanted().is_none());
            let mut begun = tx.all_factors_of(user.id)?;
            begun.retain(|factor| factor.status == Status::PendingActivation);
            let choices = duties::choices(tx, user.id, &usable)?;
            let must = usable.iter().any(|factor| factor.kind == Kind::EnrolmentTicket);
            let may_skip = !must && asking.is_proved(&ruling.demands, env.now) && !duties::misses_required(&choices);
            let makes_codes = asking.has_ticket() && tickets::makes_codes(tx, user.id)?;
            let password = tx.password_policy(user.id)?;
            let place = standing(asking.place(), (&usable, &begun));
            let known = Known { user: user.clone(), usable, begun, choices, may_skip, makes_codes, password, ruling };
            Ok((place, known))
        });
        let (place, known) = known.await?;
        Ok(View { asking: asking.moved(place), until, known: Some(known) })
    }
}

/// Where it stands once what it was about is gone: a factor that was removed meanwhile is asked no more, and one that was
/// enrolled elsewhere is not begun any more.
fn standing(place: Place, (usable, begun): (&[Enrolled], &[Enrolled])) -> Place {
    match place {
        Place::Challenged(wanted, id) if usable.iter().all(|factor| factor.id != id) => Place::Proof(wanted),
        Place::ChallengedKind(wanted, kind) if usable.iter().all(|factor| factor.kind != kind) => Place::Proof(wanted),
        Place::Enrolling(id) if begun.iter().all(|factor| factor.id != id) => Place::Enrol,
        place => place,
    }
}
