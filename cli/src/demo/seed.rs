//! The first start: an organisation with its administrators, its people and one computer, made by the acts that the
//! set-up page, the API and the operator have. A later start goes on with what there is.

use anyhow::{Context as _, bail, ensure};
use postern_codes::env::World;
use postern_codes::otp::{self, AUTHENTICATOR_APP};
use postern_codes::{Secret, Timestamp};
use postern_server::operator::{self, Command, recover};
use postern_server::sign_in::set_up::{self, Finished, Form, Prepared};
use postern_server::{App, api};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::cast::{self, Role};
use super::computer::{Computer, Files, SERIAL_NUMBER};
use super::facts::{Administrator, Device, Facts, Person};
use super::folder::Folder;
use super::http::{Client, Right};
use super::phone::Phone;
use super::screen;
use super::scripted::play;

/// What differs between the story and its check.
#[derive(Debug, Clone, Copy)]
pub struct Script {
    /// For how long a PIN lets in.
    pub minutes: u32,
    /// Who shares Grace's computer.
    pub colleagues: &'static [Role],
}

/// The story that a visitor plays through.
pub const STORY: Script = Script { minutes: 60, colleagues: &cast::COLLEAGUES };

/// The limits that a visitor who repeats the story would meet.
const RAISED: [&str; 6] = ["pins_pair_hour", "pins_pair_day", "pins_admin_hour", "confirm_failures", "begin", "enroll"];
const RAISED_TO: u32 = 100;

/// Where it is made.
pub struct Place<'p> {
    /// The demo's folder.
    pub folder: &'p Folder,
    /// The server.
    pub app: &'p App,
    /// Where the computer finds the server.
    pub cable: &'p str,
    /// Where everybody else does.
    pub url: &'p str,
    /// Where the server's acts run.
    pub runtime: Handle,
}

impl Script {
    /// For how long a PIN lets in.
    pub fn duration_in_words(&self) -> String {
        match self.minutes {
            1 => "1 minute".to_owned(),
            60 => "1 hour".to_owned(),
            minutes => format!("{minutes} minutes"),
        }
    }
}

/// Goes on with what an earlier start left. Addresses may have changed, and an enrolment code is too old by now.
///
/// # Errors
/// Where the agent does not start.
pub fn again(place: &Place<'_>, mut facts: Facts) -> anyhow::Result<(Facts, Computer)> {
    place.url.clone_into(&mut facts.server_url);
    let files = Files::of(place.folder);
    files.configure(place.cable, &facts)?;
    let computer = files.start(place.world())?;
    let administrator = Client::new(place.url, Right::Token(facts.super_admin.api_token.clone()));
    facts.enrollment_code = enrollment_code(&administrator, &json!({}))?;
    place.folder.write(&facts)?;
    Ok((facts, computer))
}

/// Makes everything.
///
/// # Errors
/// The first thing that could not be made.
pub fn anew(place: &Place<'_>, script: &Script) -> anyhow::Result<(Facts, Computer)> {
    let super_admin = place.set_up_organisation()?;
    let administrator = Client::new(place.url, Right::Token(super_admin.api_token.clone()));
    settle(&administrator, script)?;
    let help_desk = place.hire_help_desk(&administrator)?;
    let person = place.person(&administrator, &cast::GRACE)?;
    let colleagues = script.colleagues.iter().map(|role| place.person(&administrator, role));
    let colleagues = colleagues.collect::<anyhow::Result<_>>()?;
    let device = Device {
        id: String::new(),
        serial_number: SERIAL_NUMBER.to_owned(),
        agent_socket: place.folder.agent_socket(),
    };
    let mut facts = Facts {
        server_url: place.url.to_owned(),
        org_id: place
            .runtime
            .block_on(place.app.org())
            .map_err(|error| anyhow::anyhow!("{}", error.summary))?
            .to_string(),
        super_admin,
        help_desk,
        person,
        device,
        enrollment_code: enrollment_code(&administrator, &json!({}))?,
        colleagues,
    };
    let computer = place.set_up_computer(&administrator, &mut facts)?;
    facts.people().try_for_each(|person| place.sign_in_once(&facts, person))?;
    ensure!(computer.check_in()?, "the computer does not reach the server");
    place.folder.write(&facts)?;
    Ok((facts, computer))
}

impl Place<'_> {
    fn world(&self) -> &dyn World {
        &*self.app.world
    }

    /// The set-up link, its two pages, and a token for the first administrator's programs.
    fn set_up_organisation(&self) -> anyhow::Result<Administrator> {
        let role = cast::SUPER_ADMIN;
        let password = self.new_password();
        let form = Form {
            org_name: cast::ORG.to_owned(),
            first_name: role.first.to_owned(),
            last_name: role.last.to_owned(),
            email: role.login(),
            password: password.clone(),
        };
        let link = self.runtime.block_on(self.app.store.system().new_setup_link(&self.app.env()))?;
        let set_up = async {
            let Prepared::Ready = set_up::prepare(self.app, &link, form).await? else { return Ok(None) };
            let Some(pairing) = set_up::pairing(self.app, &link).await? else { return Ok(None) };
            let code = code(&pairing.secret, self.app.env().now);
            let finished = set_up::finish(self.app, &api::client::Client::default().0, &link, &code).await?;
            Ok((finished == Finished::Done).then_some(pairing.secret))
        };
        let set_up: Result<_, api::ApiError> = self.runtime.block_on(set_up);
        let totp_secret =
            set_up.map_err(|error| anyhow::anyhow!("{}", error.summary))?.context("the set-up was refused")?;
        let api_token = self.token(&role)?;
        let own = Client::new(self.url, Right::Token(api_token.clone()));
        let id = own.get("/api/v1/users/me")?.expect(200)?.text("id")?;
        Ok(Administrator { person: Person { id, login: role.login(), password, totp_secret }, api_token })
    }

    fn hire_help_desk(&self, administrator: &Client) -> anyhow::Result<Administrator> {
        let person = self.person(administrator, &cast::HELP_DESK)?;
        let roles = format!("/api/v1/users/{}/roles", person.id);
        let role = administrator.post(&roles, &json!({ "type": "HELP_DESK_ADMIN" }))?;
        ensure!(matches!(role.status, 200 | 201), "the help desk got no role: {}", role.status);
        Ok(Administrator { person, api_token: self.token(&cast::HELP_DESK)? })
    }

    /// Somebody with a password and an authenticator app.
    fn person(&self, administrator: &Client, role: &Role) -> anyhow::Result<Person> {
        let password = self.new_password();
        let body = json!({
            "profile": {
                "firstName": role.first, "lastName": role.last, "login": role.login(), "email": role.login(),
            },
            "credentials": { "password": { "value": password.expose() } },
        });
        let made = administrator.post("/api/v1/users?activate=true", &body)?.expect(200);
        let id = made.with_context(|| format!("cannot make {}", role.name()))?.text("id")?;
        let org = self.runtime.block_on(self.app.org()).map_err(|error| anyhow::anyhow!("{}", error.summary))?;
        let paired = self.runtime.block_on(recover::new_app(self.app, org, &role.login()))?;
        let paired = paired.with_context(|| format!("{} got no authenticator app", role.name()))?;
        Ok(Person { id, login: role.login(), password, totp_secret: paired.secret })
    }

    /// A token that may issue recovery PINs.
    fn token(&self, role: &Role) -> anyhow::Result<Secret<String>> {
        let grants = vec!["recovery_pins".to_owned(), "reset_without_case".to_owned()];
        let command = Command::TokenCreate { login: role.login(), name: "demo".to_owned(), grants };
        match self.runtime.block_on(operator::run(self.app, command))? {
            operator::Answer::Done(lines) => {
                let token = lines.iter().find_map(|line| line.strip_prefix("token"));
                Ok(Secret::new(token.context("the operator's command shows no token")?.trim().to_owned()))
            }
            operator::Answer::Refused(why) => bail!("no token was made: {why}"),
        }
    }

    /// The computer joins with a one-time code, as any computer does.
    fn set_up_computer(&self, administrator: &Client, facts: &mut Facts) -> anyhow::Result<Computer> {
        let files = Files::of(self.folder);
        files.configure(self.cable, facts)?;
        let computer = files.start(self.world())?;
        let code = enrollment_code(administrator, &json!({ "serialNumber": SERIAL_NUMBER }))?;
        computer.enrol(self.cable, &code)?;
        facts.device.id = computer.status()?.device_id.context("the computer has joined, and has no id")?;
        Ok(computer)
    }

    /// Signs in at the computer with an app code while it is online: that registers for recovery.
    fn sign_in_once(&self, facts: &Facts, person: &Person) -> anyhow::Result<()> {
        let code = Phone::of(person, self.world())?.fresh_code(self.world());
        let at = screen::at_the_computer(person.account()).context("no such account")?;
        let played = play(&facts.device.agent_socket, &at, &[code.expose()]);
        ensure!(
            played.opened().is_some_and(|terms| terms.register),
            "{} could not register for recovery: {}",
            person.login,
            played.last()
        );
        Ok(())
    }

    fn new_password(&self) -> Secret<String> {
        let token = self.app.env().token();
        Secret::new(token.expose().chars().filter(char::is_ascii_alphanumeric).take(16).collect())
    }
}

/// Recovery PINs on; time PINs for a computer without a TPM too, as the feature looks elsewhere.
fn settle(administrator: &Client, script: &Script) -> anyhow::Result<()> {
    let settings = json!({
        "RecoveryMode": "TIME",
        "DeviceRecoveryPINDuration": script.minutes,
        "AdminPhone": "+1 555 0100",
        "AdminEmail": "help@engines.example",
        "AdminContactInfo": "In the demo, you are the help desk.",
    });
    let limits: serde_json::Map<_, _> = RAISED.iter().map(|name| ((*name).to_owned(), RAISED_TO.into())).collect();
    for (path, body) in [
        ("desktop-mfa/recovery-pin-settings", json!({ "desktopMFARecoveryPinEnabled": true })),
        ("device-settings", settings),
        ("limits", Value::Object(limits)),
    ] {
        let path = format!("/device-access/api/v1/{path}");
        administrator.put(&path, &body)?.expect(200).with_context(|| format!("cannot set {path}"))?;
    }
    // Everything can be tried here; a new organisation does without what is phishable or restricted.
    for name in ["okta_call", "okta_email", "okta_question", "okta_sms"] {
        let path = format!("/api/v1/org/factors/{name}/lifecycle/activate");
        administrator.post(&path, &Value::Null)?.expect(200).with_context(|| format!("cannot allow {name}"))?;
    }
    Ok(())
}

fn code(secret: &Secret<String>, now: Timestamp) -> Secret<String> {
    let secret = otp::from_base32(secret.expose()).unwrap_or_else(|| Secret::new(Vec::new()));
    AUTHENTICATOR_APP.code(&secret, now)
}

fn enrollment_code(administrator: &Client, request: &Value) -> anyhow::Result<String> {
    let made = administrator.post("/device-access/api/v1/enrollment-codes", request)?.expect(201);
    made.context("no enrolment code was made")?.text("code")
}
