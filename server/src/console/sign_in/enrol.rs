//! A factor that is set up while signing in, by whoever has none that the organisation asks for: what there is to choose,
//! what it wants to know, its first answer.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use postern_authn::factor::{Category, Enrolled, Kind, Provider};
use postern_authn::sign_in::Place;
use postern_authn::user::User;
use postern_codes::Secret;

use super::sent::{Card, Sent, UnderWay, is_over};
use super::ways::FACTOR;
use super::{Question, go_on};
use crate::App;
use crate::api::routes::{Access, Routes};
use crate::api::{ApiError, backup_codes};
use crate::app::to_the_end;
use crate::console::factor_fields::{self, FIRST_ANSWER};
use crate::console::factor_words::refusal;
use crate::console::page::{page, page_with};
use crate::console::part::{Field, Notice, Tone};
use crate::console::people;
use crate::console::problem::way_back;
use crate::console::qr::Scan;
use crate::console::step_up::{PASSKEY, origin};
use crate::console::words::{Text, say, say_of};
use crate::factors::sending::Sending;
use crate::factors::{Enrolling, Pairing, Reply};
use crate::sign_in::Step;
use crate::sign_in::view::{Choice, Known, View};

/// The form's name of what is chosen, as organisations allow it.
const CHOICE: &str = "choice";
/// Where somebody goes who wanted to go nowhere in particular: their backup codes are the next step.
const AFTER: &str = "/account?done=added";

/// Backup codes that a ticket had made, shown once.
#[derive(Template)]
#[template(path = "console/sign_in_codes.html")]
pub struct Codes {
    /// What every card has.
    pub card: Card,
    /// Each in groups of four.
    pub codes: Vec<Secret<String>>,
    /// All of them, a line each, to be copied.
    pub all: Secret<String>,
}

/// What somebody may set up now.
#[derive(Template)]
#[template(path = "console/sign_in_choices.html")]
pub struct Choices {
    /// What every card has.
    pub card: Card,
    /// One a type.
    pub offers: Vec<Offer>,
    /// Whether backup codes can be made in place of it.
    pub makes_codes: bool,
}

/// A factor that may be set up.
pub struct Offer {
    /// The name under which organisations allow it.
    pub choice: &'static str,
    /// What it is.
    pub label: Text,
    /// What one needs for it.
    pub about: Text,
}

/// A form on the way to it.
#[derive(Template)]
#[template(path = "console/sign_in_enrol.html")]
pub struct Enrol {
    /// What every card has.
    pub card: Card,
    /// What is set up.
    pub title: Text,
    /// What to do.
    pub lead: Text,
    /// Why the last answer or another code was refused.
    pub notice: Option<Notice>,
    /// What an app takes.
    pub scan: Option<Scan>,
    /// What a device is asked, as JSON.
    pub device: Option<String>,
    /// Where the form goes.
    pub action: &'static str,
    /// The choice, or the factor that was begun.
    pub hidden: (&'static str, String),
    /// What is asked.
    pub fields: Vec<Field>,
    /// The word of the button.
    pub verb: Text,
    /// Whether another code can be sent.
    pub is_sent: bool,
}

/// `/signin/enrol` and what is below it.
pub(super) fn routes() -> Routes {
    let open = Access::Anyone;
    Routes::new()
        .post("/signin/enrol", open, ask)
        .post("/signin/enrol/activate", open, activate)
        .post("/signin/enrol/begin", open, begin)
        .post("/signin/enrol/codes", open, make_codes)
        .post("/signin/enrol/resend", open, resend)
}

/// What the person of a sign-in may set up; the first card, where nothing is set up in it.
pub(super) async fn page_of(app: &App, sent: Sent) -> Result<Response, ApiError> {
    let Some(known) = enrolling(app, &sent).await? else { return Ok(sent.over()) };
    let makes_codes = known.makes_codes;
    let offers = offers(&known).into_iter().map(|choice| Offer {
        choice: choice.provider.org_factor,
        label: people::factor(choice.kind),
        about: say_of("account-add-about", choice.kind.as_str()),
    });
    Ok(page(Choices { offers: offers.collect(), makes_codes, card: sent.card }))
}

/// The person of a sign-in in which factors are set up now.
async fn enrolling(app: &App, sent: &Sent) -> Result<Option<Known>, ApiError> {
    let is_enrolling = |view: &View| matches!(view.asking.place(), Place::Enrol | Place::Enrolling(_));
    Ok(sent.view(app).await?.filter(is_enrolling).and_then(|view| view.known))
}

/// What must be set up, of each type the first maker; where nothing must, whatever is held.
fn offers(known: &Known) -> Vec<Choice> {
    let is_held = |kind| known.choices.iter().any(|other| other.kind == kind && other.is_held);
    let must: Vec<Choice> =
        known.choices.iter().filter(|choice| choice.is_required && !is_held(choice.kind)).copied().collect();
    let may = known.choices.iter().filter(|choice| choice.kind.factor().traits().proves(Category::Possession)).copied();
    let mut offers: Vec<Choice> = if must.is_empty() { may.collect() } else { must };
    offers.dedup_by_key(|choice| choice.kind);
    offers
}

/// What a form chose, and who did; nothing, where it is not on offer now.
async fn chosen(app: &App, sent: &Sent) -> Result<Option<(User, Kind, &'static Provider)>, ApiError> {
    let Some(known) = enrolling(app, sent).await? else { return Ok(None) };
    let offered = offers(&known).into_iter().find(|choice| choice.provider.org_factor == sent.form.text(CHOICE));
    Ok(offered.map(|choice| (known.user, choice.kind, choice.provider)))
}

/// What is asked of whoever chose.
async fn question(app: &App, card: Card, (user, kind, provider): (&User, Kind, &Provider)) -> Result<Enrol, ApiError> {
    let mut fields = factor_fields::fields(app, user, kind).await?;
    // Its maker names it; in the account it can be called something else.
    fields.retain(|_| kind != Kind::WebAuthn);
    Ok(Enrol {
        card,
        title: say("account-add-named").with("factor", people::factor(kind)),
        lead: say_of("account-add-about", kind.as_str()),
        notice: None,
        scan: None,
        device: None,
        action: "/signin/enrol/begin",
        hidden: (CHOICE, provider.org_factor.to_owned()),
        fields,
        verb: say_of("account-add-act", kind.as_str()).or(say("account-add-send")),
        is_sent: false,
    })
}

/// What was begun, until its first answer. Its secret is shown to whoever leads this sign-in.
fn first_answer(app: &App, card: Card, user: &User, factor: &Enrolled) -> Result<Enrol, ApiError> {
    let scan = if factor.kind == Kind::Totp {
        let secret = app.store.keyring().open(&factor.secret)?;
        Some(Scan::of_app(&secret, &card.org, user.login.as_str()))
    } else {
        None
    };
    let (lead, field) = factor_fields::first_answer(factor);
    Ok(Enrol {
        title: say("account-add-named").with("factor", people::factor(factor.kind)),
        lead,
        notice: None,
        scan,
        device: None,
        action: "/signin/enrol/activate",
        hidden: (FACTOR, factor.id.to_string()),
        fields: vec![field],
        verb: say("account-activate-act"),
        is_sent: factor.kind.factor().channel().is_some(),
        card,
    })
}

async fn ask(State(app): State<Arc<App>>, UnderWay(sent): UnderWay) -> Result<Response, ApiError> {
    match chosen(&app, &sent).await? {
        Some((user, kind, provider)) => Ok(page(question(&app, sent.card, (&user, kind, provider)).await?)),
        None => page_of(&app, sent).await,
    }
}

async fn begin(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    UnderWay(sent): UnderWay,
) -> Result<Response, ApiError> {
    to_the_end(async move {
        let Some((user, kind, provider)) = chosen(&app, &sent).await? else { return page_of(&app, sent).await };
        let asked = Enrolling {
            kind,
            provider,
            profile: factor_fields::profile(&app, &user, kind, &sent.form).await?,
            make: None,
            updates_phone: true,
            is_vouched_for: false,
            origin: Some(origin(&app, &headers).to_owned()),
            sending: Sending::to_reader(&headers),
        };
        match sent.stage(&app).await?.enrol(asked).await {
            Ok((step, None)) => finished(&app, sent, step).await,
            Ok((_, Some(begun))) => {
                let view = first_answer(&app, sent.card, &user, &begun.factor)?;
                Ok(page(match begun.pairing {
                    Some(Pairing::Device(asked)) => asking_device(view, asked.to_string()),
                    Some(Pairing::App(_)) | None => view,
                }))
            }
            Err(refused) if is_over(&refused) => Ok(sent.over()),
            Err(refused) => {
                let mut view = question(&app, sent.card, (&user, kind, provider)).await?;
                view.notice = factor_fields::mend(&mut view.fields, &sent.form, &refused)?;
                Ok(page_with(refused.status, view))
            }
        }
    })
    .await
}

async fn make_codes(State(app): State<Arc<App>>, UnderWay(sent): UnderWay) -> Result<Response, ApiError> {
    to_the_end(async move {
        let made = match sent.stage(&app).await {
            Ok(stage) => stage.make_codes().await,
            Err(refused) => Err(refused),
        };
        match made {
            Ok(codes) => {
                let all = backup_codes::in_lines(&codes);
                Ok(page(Codes { card: sent.card, codes, all }))
            }
            Err(refused) if is_over(&refused) => Ok(sent.over()),
            Err(refused) => Err(refused),
        }
    })
    .await
}

/// The form whose button asks a device this.
fn asking_device(view: Enrol, asked: String) -> Enrol {
    Enrol {
        lead: say("passkeys-ask-about"),
        device: Some(asked),
        fields: Vec::new(),
        verb: say("passkeys-ask"),
        ..view
    }
}

/// What follows once a factor was set up: another that must be, or the page that was asked for.
async fn finished(app: &App, mut sent: Sent, step: Step) -> Result<Response, ApiError> {
    if sent.card.to == way_back("") {
        AFTER.clone_into(&mut sent.card.to);
    }
    go_on(app, sent, step, Question::AppCode).await
}

/// The factor that a form is about, while it waits for its first answer in this sign-in.
async fn begun(app: &App, sent: &Sent) -> Result<Option<(User, Enrolled)>, ApiError> {
    let Some(mut known) = enrolling(app, sent).await? else { return Ok(None) };
    let at = known.begun.iter().position(|factor| factor.id.as_str() == sent.form.text(FACTOR));
    Ok(at.map(|at| (known.user, known.begun.swap_remove(at))))
}

async fn activate(State(app): State<Arc<App>>, UnderWay(sent): UnderWay) -> Result<Response, ApiError> {
    to_the_end(async move {
        let Some((user, factor)) = begun(&app, &sent).await? else { return page_of(&app, sent).await };
        let is_signed = !sent.form.text(PASSKEY).is_empty();
        let reply = if is_signed {
            Reply::Signed(sent.form.secret(PASSKEY))
        } else {
            Reply::Typed(sent.form.secret(FIRST_ANSWER))
        };
        match sent.stage(&app).await?.activate(factor.id.as_str(), reply).await {
            Ok(step) => finished(&app, sent, step).await,
            Err(refused) if is_over(&refused) => Ok(sent.over()),
            Err(refused) => {
                let why = refusal(&refused)?;
                let view = if factor.kind == Kind::WebAuthn {
                    // A device is asked anew each time.
                    let provider = factor.kind.provider(&factor.provider).ok_or_else(ApiError::invalid_token)?;
                    let view = question(&app, sent.card, (&user, factor.kind, provider)).await?;
                    let notice = Notice::new(Tone::Danger, say("account-not-added"), why).with_code(refused.code);
                    Enrol { notice: Some(notice), ..view }
                } else {
                    let mut view = first_answer(&app, sent.card, &user, &factor)?;
                    view.fields = view.fields.into_iter().map(|field| field.refused(why.clone())).collect();
                    view
                };
                Ok(page_with(refused.status, view))
            }
        }
    })
    .await
}

async fn resend(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    UnderWay(sent): UnderWay,
) -> Result<Response, ApiError> {
    to_the_end(async move {
        let Some((user, factor)) = begun(&app, &sent).await? else { return page_of(&app, sent).await };
        let opened = sent.stage(&app).await?;
        let (status, notice) = match opened.resend_enrolment(factor.id.as_str(), Sending::to_reader(&headers)).await {
            Ok(()) => (StatusCode::OK, Notice::new(Tone::Good, say("account-resent"), say("account-resent-about"))),
            Err(refused) if is_over(&refused) => return Ok(sent.over()),
            Err(refused) => {
                let notice = Notice::new(Tone::Warning, say("account-not-sent"), refusal(&refused)?);
                (refused.status, notice.with_code(refused.code))
            }
        };
        let view = first_answer(&app, sent.card, &user, &factor)?;
        Ok(page_with(status, Enrol { notice: Some(notice), ..view }))
    })
    .await
}
