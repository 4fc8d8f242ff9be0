//! The PIN dialog before there is a PIN: who calls, what is at stake, what the caller must read out.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use postern_authn::permission::{Permission, right};
use postern_authn::recovery::pin;
use postern_codes::Secret;
use postern_codes::drp1::Challenge;
use postern_codes::id::{Device as DeviceKind, User as UserKind};
use postern_codes::report::Mode;

use super::device::{self, or_unknown};
use super::form::Form;
use super::page::{page, page_with};
use super::part::{Field, Kind, Moment, Notice, State, Tone};
use super::people::capital;
use super::pin::Pin;
use super::pin_state::PinState;
use super::recovery::{self, Way, lasting};
use super::shell::{Place, Shell};
use super::step_up::{self, Fresh, Sheet, StepUp};
use super::viewer::Viewer;
use super::words::{Text, say, say_of};
use crate::App;
use crate::api::ApiError;
use crate::api::demands;
use crate::api::device_access::settings::AccessSettings;
use crate::api::path::Path;
use crate::api::recovery_pins::{self, Issued, Pair, Readiness};
use crate::api::routes::{Access, Routes};
use postern_authn::demand::Class;

/// The dialog. With a refusal it explains and has no form.
#[derive(Template)]
#[template(path = "console/pin_request.html")]
pub struct PinRequest {
    /// The frame.
    pub shell: Shell,
    /// Where the form goes: the dialog's own address.
    pub action: String,
    /// The person's full name.
    pub person: String,
    /// Their sign-in name.
    pub login: String,
    /// The computer's name.
    pub computer: String,
    /// The computer's page, the way back.
    pub device_href: String,
    /// What the caller reads out.
    pub make: Text,
    /// What the caller reads out.
    pub model: Text,
    /// What the caller reads out.
    pub serial: Text,
    /// Since when person and computer are linked.
    pub linked: Moment,
    /// How the link was proved; a link of minutes is [`Tone::Danger`] and says so.
    pub link: State,
    /// When the computer was last in contact.
    pub last_seen: Option<Moment>,
    /// How long the person is let in for, in words: "1 hour".
    pub duration: Text,
    /// Why no PIN can be made now, and the fix.
    pub refusal: Option<Notice>,
    /// Why the last try was refused, where another one may help.
    pub notice: Option<Notice>,
    /// `challenge`: the nine digits on the caller's screen, where they are needed.
    pub challenge: Option<Field>,
    /// Why they are needed.
    pub challenge_because: Option<Text>,
    /// `reason`.
    pub reason: Field,
    /// `caseId`, where the org asks for one.
    pub case: Option<Field>,
    /// `ticket`.
    pub ticket: Field,
    /// Which of the three were ticked before, when the form comes back: `make`, `model`, `serial`.
    pub ticked: bool,
}

impl PinRequest {
    /// The field for the reason.
    pub fn reason_field() -> Field {
        Field::new("reason", say("pin-reason"), Kind::Long(255)).hint(say("pin-reason-hint"))
    }

    /// The field for the ticket.
    pub fn ticket_field() -> Field {
        Field::new("ticket", say("pin-ticket"), Kind::Text).optional()
    }

    /// The field for the nine digits.
    pub fn challenge_field() -> Field {
        Field::new("challenge", say("pin-challenge"), Kind::NineDigits).hint(say("pin-challenge-hint"))
    }

    /// The same field where the time will do.
    pub fn challenge_if_shown() -> Field {
        Self::challenge_field().hint(say("pin-challenge-if-shown")).optional()
    }

    fn link_is_new(&self) -> bool {
        self.link.tone == Tone::Danger
    }
}

/// `/admin/devices/ID/people/ID/recovery`: the dialog, and the PIN in the answer to its form.
pub fn routes() -> Routes {
    let generate = Access::Permission(Permission::RecoveryPinGenerate);
    let path = "/admin/devices/{device}/people/{user}/recovery";
    Routes::new().get(path, generate, ask).post(path, generate, make)
}

/// The computer and the person that a path names.
///
/// # Errors
/// 404 for what is no id.
pub fn pair(device: &str, user: &str) -> Result<Pair, ApiError> {
    Ok(Pair {
        device: device.parse().map_err(|_| ApiError::not_found::<DeviceKind>(device))?,
        user: user.parse().map_err(|_| ApiError::not_found::<UserKind>(user))?,
    })
}

async fn ask(
    Shared(app): Shared<Arc<App>>,
    viewer: Viewer,
    Path((device, user)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    viewer.require::<right::RecoveryPinGenerate>(&app).await?;
    Ok(page(request(&app, &viewer, pair(&device, &user)?).await?))
}

/// Makes the PIN: first what was typed is looked at, then who asks, then whether it may be.
async fn make(
    Shared(app): Shared<Arc<App>>,
    mut viewer: Viewer,
    Path((device, user)): Path<(String, String)>,
    form: Form,
) -> Result<Response, ApiError> {
    viewer.require::<right::RecoveryPinGenerate>(&app).await?;
    let pair = pair(&device, &user)?;
    let view = request(&app, &viewer, pair).await?.holding(&form);
    if view.refusal.is_some() || view.is_to_be_mended() {
        return Ok(page_with(axum::http::StatusCode::BAD_REQUEST, view));
    }
    let demand = demands::demands(&app, &viewer.caller).await?.of(Class::RecoveryPins);
    let renewed = match step_up::prove_for(&app, &mut viewer.caller, &form, demand).await? {
        Fresh::Asked(code) => {
            let act = say("pin-make-for").with("person", &view.person);
            let kept = form.without(&[step_up::FIELD]);
            let PinRequest { shell, action, .. } = view;
            return Ok(page(StepUp { shell, sheet: Sheet { act, action, kept, code: *code } }));
        }
        Fresh::Proved(renewed) => renewed,
    };
    let challenge = form.some("challenge");
    let asked = pin::Request {
        mode: if challenge.is_some() { Mode::Challenge } else { Mode::Time },
        challenge,
        reason: form.text("reason").to_owned(),
        case: form.some("caseId"),
        ticket: form.some("ticket"),
    };
    let by = viewer.require::<right::RecoveryPinGenerate>(&app).await?;
    match recovery_pins::issue(&app, by, pair, asked).await {
        Ok(issued) => Ok(renewed.on(page(made(&viewer, pair, &issued)))),
        Err(error) if error.status.is_server_error() => Err(error),
        Err(error) => {
            let view = PinRequest { notice: Some(refused(&error, &viewer)), ..view };
            Ok(renewed.on(page_with(error.status, view)))
        }
    }
}

/// The PIN, in the one answer that shows it.
fn made(viewer: &Viewer, pair: Pair, issued: &Issued) -> Pin {
    let Issued { issuance, pin, device, user } = issued;
    let address = format!("{}/{}", recovery::address(pair), issuance.id);
    Pin {
        shell: viewer.shell(Place::Devices),
        person: user.name(),
        computer: device.profile.display_name.clone(),
        device_href: device::address(device.id),
        digits: Some(Secret::new(pin.digits().to_owned())),
        expires: viewer.moment(issuance.expires_at),
        state: PinState::of(issuance, device.last_seen_at, &address, viewer.now),
        live: format!("{address}/live"),
    }
}

/// A refusal of the act as the dialog says it: what happened, what to do, when to try again.
fn refused(error: &ApiError, viewer: &Viewer) -> Notice {
    let fix = error.members.get("fix").and_then(serde_json::Value::as_str).unwrap_or_default();
    let fix = [capital(fix), error.causes.join(". ")].into_iter().filter(|words| !words.is_empty());
    let fix = say_of("domain-fix", error.code).or(fix.collect::<Vec<_>>().join(". "));
    let next = [say("readiness-sentence").with("words", fix)].into_iter();
    let wait = error.retry_at.map(|at| say("pin-try-again").with("seconds", at.since(viewer.now).as_secs() + 1));
    let next = Text::sentences(next.chain(wait));
    let because = say_of("domain-meaning", error.code).or(error.summary.clone());
    let happened = say("pin-not-made").with("because", because);
    Notice::new(Tone::Danger, happened, next).with_code(error.code)
}

async fn request(app: &App, viewer: &Viewer, pair: Pair) -> Result<PinRequest, ApiError> {
    let by = viewer.require::<right::DevicesRead>(app).await?;
    let known = recovery_pins::readiness(app, &by, pair).await?;
    let access = app.store.read(by.org, |tx| Ok(tx.setting::<AccessSettings>()?.0)).await?;
    Ok(PinRequest::new(viewer, pair, &known, access.recovery_pin_case_required))
}

impl PinRequest {
    fn new(viewer: &Viewer, pair: Pair, known: &Readiness, needs_case: bool) -> Self {
        let Readiness { device, user, .. } = known;
        let way = recovery::way(known, viewer.now);
        let own = (viewer.caller.user() == user.id)
            .then(|| Notice::new(Tone::Danger, say("pin-self"), say("pin-self-next")).with_code("self_issue"));
        let (challenge, because, refusal) = match way {
            Way::Challenge(because) => (Self::challenge_field(), Some(because), None),
            Way::None(refusal) => (Self::challenge_field(), None, Some(refusal)),
            Way::Time => (Self::challenge_if_shown(), None, None),
        };
        Self {
            shell: viewer.shell(Place::Devices),
            action: recovery::address(pair),
            person: user.name(),
            login: user.login.to_string(),
            computer: device.profile.display_name.clone(),
            device_href: device::address(device.id),
            make: or_unknown(&device.profile.manufacturer),
            model: or_unknown(&device.profile.model),
            serial: or_unknown(&device.profile.serial_number),
            linked: viewer.moment(known.link.map_or(viewer.now, |link| link.since)),
            link: recovery::proof(known, viewer.now),
            last_seen: device.last_seen_at.map(|at| viewer.moment(at)),
            duration: lasting(known.duration_minutes),
            refusal: own.or(refusal),
            notice: None,
            challenge: Some(challenge),
            challenge_because: because,
            reason: Self::reason_field(),
            case: needs_case.then(|| Field::new("caseId", say("pin-case"), Kind::Text)),
            ticket: Self::ticket_field(),
            ticked: false,
        }
    }

    /// The same with what was typed, and with what is to be mended in it.
    fn holding(self, form: &Form) -> Self {
        let hold = |field: Field| {
            let typed = form.text(field.name).to_owned();
            let field = field.holding(typed);
            if field.is_required && field.value.is_empty() { field.refused(say("field-needed")) } else { field }
        };
        let challenge = self.challenge.map(hold).map(|field| {
            let is_slip = !field.value.is_empty() && Challenge::parse(&field.value).is_err();
            if is_slip {
                return field.refused(say("field-misheard"));
            }
            field
        });
        let ticked = ["make", "model", "serial"].iter().all(|name| form.text(name) == "yes");
        let notice = (!ticked)
            .then(|| Notice::new(Tone::Danger, say("pin-unchecked"), say("pin-unchecked-next")).with_code("unchecked"));
        Self {
            challenge,
            reason: hold(self.reason),
            case: self.case.map(hold),
            ticket: hold(self.ticket),
            ticked,
            notice,
            ..self
        }
    }

    fn is_to_be_mended(&self) -> bool {
        let fields = [self.challenge.as_ref(), Some(&self.reason), self.case.as_ref()];
        self.notice.is_some() || fields.into_iter().flatten().any(|field| field.error.is_some())
    }
}
