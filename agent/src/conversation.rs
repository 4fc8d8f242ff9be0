//! One conversation at the socket: who may ask what, and what is answered.
//!
//! | peer | may |
//! | --- | --- |
//! | root, and the account that the agent runs as | speak for anybody, and operate the agent |
//! | anybody else (a screen locker runs as its user) | speak for its own account; use an active recovery PIN again, never activate one |

use std::sync::Arc;
use std::time::Duration;

use postern_wire::enroll::Platform;
use postern_wire::place::Place;
use postern_wire::recovery::{CONFIRM, ConfirmAnswer, ConfirmRequest};
use postern_wire::socket::{
    Access, Answer, Challenge, ChallengeReason, Contact, Opened, OpenedBy, Person, RecoveryWay, Refusal, RefusalWord,
    Request, Typed,
};
use postern_wire::{Text, Whole};

use crate::client::{Client, Failed};
use crate::credential::Credential;
use crate::daemon::Daemon;
use crate::factor::{self, Shown};
use crate::log::Category;
use crate::register::{Right, Wanted, register};
use crate::unlock::{self, Confirm, Confirmed, Displayed, Outcome, Way, Who};
use crate::vault::Fault;
use crate::{doctor, enrol, sync};

/// Who is at the other end of the socket.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    uid: u32,
}

impl Peer {
    /// The peer with this number.
    pub const fn of(uid: u32) -> Self {
        Self { uid }
    }

    /// Root, or whoever the agent itself runs as: that account holds the state anyway.
    pub(crate) fn owns_the_agent(self) -> bool {
        self.uid == 0 || self.uid == nix::unistd::geteuid().as_raw()
    }
}

/// A conversation so far.
pub struct Conversation<'a> {
    daemon: &'a Daemon,
    peer: Peer,
    /// Where and for whom, since `begin`.
    place: Option<Place>,
    /// Since the password was proved.
    account: Option<Account>,
    /// The server's word that the person showed a factor, since an app code opened.
    verdict: Option<String>,
}

/// Whom a proved account stands for.
#[derive(Clone)]
struct Account {
    login: String,
    os_uid: u32,
}

impl<'a> Conversation<'a> {
    /// Nothing said yet.
    pub const fn new(daemon: &'a Daemon, peer: Peer) -> Self {
        Self { daemon, peer, place: None, account: None, verdict: None }
    }

    /// Answers one request.
    pub fn answer(&mut self, request: &Request) -> Answer {
        match request {
            Request::Access { user } => self.access(user),
            Request::Begin(place) => self.begin(place),
            Request::Challenge => self.challenge(),
            Request::CheckIn | Request::Doctor | Request::Enrol { .. } | Request::Status | Request::Unenrol => {
                self.operate(request)
            }
            Request::Code { factor, code } => self.code(factor, code),
            Request::ContactAdmin => Answer::Contact(self.contact()),
            Request::PasswordProved => self.password_proved(),
            Request::Pin { text } => self.pin(text),
            Request::Register => self.register(),
            Request::Send { factor } => self.send(factor),
        }
    }

    fn begin(&mut self, place: &Place) -> Answer {
        let own = self.daemon.config.uid(&place.user) == Some(self.peer.uid);
        if !own && !self.peer.owns_the_agent() {
            if self.is_logged() {
                let message = format!("uid {} asked for the account {}", self.peer.uid, place.user);
                let fix = "only root may speak for other accounts";
                self.daemon.log.error(Category::SignIn, "peer_refused", message, fix);
            }
            return fault("only root may speak for another account");
        }
        (self.place, self.account, self.verdict) = (Some(place.clone()), None, None);
        Answer::Contact(self.contact())
    }

    /// The module that checks passwords stands before ours: with it the account is proved, and the ways in are told.
    fn password_proved(&mut self) -> Answer {
        let Some(place) = &self.place else { return fault("begin comes first") };
        let config = &self.daemon.config;
        let account = config.login(&place.user).zip(config.uid(&place.user));
        self.account = account.map(|(login, os_uid)| Account { login, os_uid });
        let Some(account) = &self.account else {
            let fix = "give the account its login in agent.toml, under [users]";
            if self.is_logged() {
                let message = "the account stands for nobody";
                self.daemon.log.error_of(&place.user, Category::SignIn, "not_linked", message, fix);
            }
            let why = Refusal::of(RefusalWord::NotLinked);
            return Answer::Person(Person {
                login: None,
                factors: Vec::new(),
                recovery: RecoveryWay::None { why },
                active_until: None,
            });
        };
        let recovery = match self.pins_here() {
            Err(refusal) => Ok((RecoveryWay::None { why: refusal }, None)),
            Ok(()) => self
                .daemon
                .door(|door| {
                    Ok((door.way(account.os_uid, &account.login)?, door.access(account.os_uid, &account.login)))
                })
                .map(|(way, access)| (self.way(way), access.map(|end| self.daemon.until(end)))),
        };
        let (recovery, active_until) =
            recovery.unwrap_or_else(|fault| (RecoveryWay::None { why: self.broken(&fault) }, None));
        Answer::Person(Person {
            login: Text::cut(&account.login),
            factors: factor::offered(self.daemon, &account.login),
            recovery,
            active_until,
        })
    }

    fn code(&mut self, factor: &Text, code: &Typed) -> Answer {
        let Some(account) = self.account.clone() else { return fault("the password comes first") };
        if !self.takes(factor) {
            return self.refused(switched_off());
        }
        match factor::verify(self.daemon, &account.login, factor, code) {
            Shown::Granted(verdict) => {
                self.verdict = Some(verdict);
                let message = format!("signed in with a factor: {factor}");
                self.daemon.log.info_of(&account.login, Category::SignIn, "opened_by_factor", message);
                let registered = self.daemon.vault(|vault| {
                    let person = vault.state().person(account.os_uid, &account.login);
                    Ok(person.is_some_and(|person| person.generations.iter().any(|generation| generation.done)))
                });
                let register = !registered.unwrap_or(true);
                Answer::Opened(Opened { by: OpenedBy::Factor, until: None, enrol_at: None, register })
            }
            Shown::Refused(refusal) => self.refused(refusal),
            // A code that was typed has none sent.
            Shown::Sent => self.refused(Refusal::of(RefusalWord::Wrong)),
        }
    }

    fn send(&mut self, factor: &Text) -> Answer {
        let Some(account) = self.account.clone() else { return fault("the password comes first") };
        if !self.takes(factor) {
            return self.refused(switched_off());
        }
        match factor::send(self.daemon, &account.login, factor) {
            Ok(()) => Answer::Sent,
            Err(refusal) => self.refused(refusal),
        }
    }

    fn pin(&mut self, text: &Typed) -> Answer {
        let Some(account) = self.account.clone() else { return fault("the password comes first") };
        if let Err(refusal) = self.pins_here() {
            return self.refused(refusal);
        }
        let mut server = self.server();
        let who = Who { os_uid: account.os_uid, login: &account.login, may_activate: self.peer.owns_the_agent() };
        let outcome = self
            .daemon
            .door(|door| door.enter(who, text.0.as_str(), server.as_mut().map(|server| server as &mut dyn Confirm)));
        if let Some(server) = &server {
            self.daemon.note_online(server.reached);
        }
        match outcome {
            Ok(Outcome::Opened { until, again }) => {
                let (by, code) =
                    if again { (OpenedBy::PinAgain, "reused_pin") } else { (OpenedBy::Pin, "opened_by_pin") };
                self.daemon.log.info_of(&account.login, Category::SignIn, code, "signed in with a recovery PIN");
                self.daemon.note_terminal(account.os_uid, self.place.as_ref());
                self.daemon.want_contact();
                let until = Some(self.daemon.until(until));
                Answer::Opened(Opened { by, until, enrol_at: self.daemon.address(), register: false })
            }
            Ok(Outcome::Refused(refused)) => self.refused(self.refusal(refused)),
            Ok(Outcome::ShowChallenge(why)) => self.refused(Refusal::of(match why {
                ChallengeReason::Clock => RefusalWord::UntrustedClock,
                ChallengeReason::HardLock => RefusalWord::HardLocked,
                ChallengeReason::Policy | ChallengeReason::SoftBinding => RefusalWord::ChallengeOver,
            })),
            Err(fault) => self.refused(self.broken(&fault)),
        }
    }

    fn challenge(&mut self) -> Answer {
        let Some(account) = self.account.clone() else { return fault("the password comes first") };
        if let Err(refusal) = self.pins_here() {
            return self.refused(refusal);
        }
        let who = Who { os_uid: account.os_uid, login: &account.login, may_activate: self.peer.owns_the_agent() };
        if !who.may_activate {
            return self.refused(Refusal::of(RefusalWord::NotHere));
        }
        let displayed = self.daemon.door(|door| Ok((door.challenge(who)?, door.way(who.os_uid, who.login)?)));
        match displayed {
            Ok((Displayed::Digits(challenge, life), way)) => {
                let why = match way {
                    Way::Challenge(reason) => reason,
                    Way::None(_) | Way::Time => ChallengeReason::Policy,
                };
                let seconds = Whole::new(life.as_secs()).unwrap_or_default();
                Answer::Challenge(Challenge { digits: challenge.digits().to_owned(), seconds, why })
            }
            Ok((Displayed::Refused(refused), _)) => self.refused(self.refusal(refused)),
            Err(fault) => self.refused(self.broken(&fault)),
        }
    }

    /// Only the person who just showed a factor is registered.
    fn register(&mut self) -> Answer {
        let (Some(account), Some(verdict)) = (self.account.clone(), self.verdict.take()) else {
            return fault("a factor comes first");
        };
        let wanted = Wanted { login: account.login, os_uid: account.os_uid, right: Right::Factor(verdict) };
        match register(self.daemon, &wanted, self.daemon.patience()) {
            Ok(()) => Answer::Registered { ready: true, detail: String::new() },
            Err(why) => Answer::Registered { ready: false, detail: why.to_string() },
        }
    }

    fn access(&self, user: &Text) -> Answer {
        let config = &self.daemon.config;
        let account = config.uid(user).zip(config.login(user));
        let allowed = account.filter(|(uid, _)| *uid == self.peer.uid || self.peer.owns_the_agent());
        let until = allowed.and_then(|(uid, login)| self.daemon.door(|door| Ok(door.access(uid, &login))).ok()?);
        Answer::Access(Access { until: until.map(|end| self.daemon.until(end)), enrol_at: self.daemon.address() })
    }

    /// What an operator asks on the computer.
    fn operate(&self, request: &Request) -> Answer {
        if !self.peer.owns_the_agent() {
            return fault("only root may ask this: use sudo");
        }
        let done = |outcome: Result<String, String>| {
            let (ok, detail) = outcome.map_or_else(|detail| (false, detail), |detail| (true, detail));
            Answer::Done { ok, detail }
        };
        match request {
            Request::CheckIn => {
                let contact = sync::contact(self.daemon);
                done(
                    contact
                        .map(|()| "the server was reached; the state is exchanged".to_owned())
                        .map_err(|why| why.to_string()),
                )
            }
            Request::Doctor => Answer::Doctor { findings: doctor::findings(self.daemon) },
            Request::Enrol { server, code } => done(self.enrol(server, code).map_err(|fault| format!("{fault:#}"))),
            Request::Status => Answer::Status(Box::new(doctor::status(self.daemon))),
            _ => done(self.unenrol().map_err(|fault| fault.to_string())),
        }
    }

    fn enrol(&self, server: &str, code: &Typed) -> anyhow::Result<String> {
        let _turn = self.daemon.in_turn();
        if self.daemon.credential().is_ok() {
            anyhow::bail!("this computer is enrolled already: run postern-agent unenrol first");
        }
        let client = Client::new(server, self.daemon.config.ca_file.as_deref(), Arc::clone(&self.daemon.world))?;
        let credential = enrol::enrol(&client, code.0.as_str(), &self.daemon.computer)?;
        self.daemon.keep(&credential)?;
        self.daemon.vault(|vault| vault.belongs_to(credential.identity()))?;
        let platform = Platform::Linux.as_str();
        let detail = format!("enrolled with {} as {} ({platform})", credential.server, credential.device_id);
        self.daemon.log.info(Category::Enrollment, "enrolled", &detail);
        self.daemon.want_contact();
        Ok(detail)
    }

    fn unenrol(&self) -> Result<String, Fault> {
        let _turn = self.daemon.in_turn();
        self.daemon.leave()?;
        self.daemon.log.info(Category::Enrollment, "unenrolled", "certificate and recovery secrets are forgotten");
        Ok("this computer left its org; deactivate and delete it in the console, under Devices".to_owned())
    }

    /// Whether a factor is taken here, if the server accepts it.
    fn takes(&self, factor: &str) -> bool {
        let settings = self.daemon.settings();
        settings.online_login && settings.allows(factor)
    }

    /// Whether recovery PINs are taken here.
    fn pins_here(&self) -> Result<(), Refusal> {
        let place = self.place.as_ref();
        let here = place.is_some_and(|place| place.takes_pins(self.daemon.config.pin_services()));
        here.then_some(()).ok_or(Refusal::of(RefusalWord::NotHere))
    }

    /// The way to the server, to have a PIN confirmed.
    fn server(&self) -> Option<Server> {
        let credential = self.daemon.credential().ok()?;
        let client = self.daemon.client(&credential.server).ok()?;
        Some(Server { credential, client, patience: self.daemon.patience(), reached: false })
    }

    fn contact(&self) -> Contact {
        let settings = self.daemon.settings();
        Contact {
            computer: self.daemon.computer.clone(),
            email: settings.admin_email.to_string(),
            phone: settings.admin_phone.to_string(),
            info: settings.admin_contact_info.to_string(),
        }
    }

    fn way(&self, way: Way) -> RecoveryWay {
        match way {
            Way::Challenge(why) => RecoveryWay::Challenge { why },
            Way::None(refused) => RecoveryWay::None { why: self.refusal(refused) },
            Way::Time => RecoveryWay::Time,
        }
    }

    fn refusal(&self, refused: unlock::Refused) -> Refusal {
        doctor::refusal(self.daemon, refused)
    }

    /// A state that cannot be trusted: the door stays shut, and the log says what to do.
    fn broken(&self, fault: &Fault) -> Refusal {
        let word = match fault {
            Fault::NotEnrolled => RefusalWord::NotRegistered,
            _ => RefusalWord::Fault,
        };
        if self.is_logged() {
            self.daemon.log.error(Category::Recovery, "state_refused", fault, "run postern-agent doctor");
        }
        Refusal::of(word)
    }

    /// Whether what this peer is refused goes to the log.
    fn is_logged(&self) -> bool {
        self.peer.owns_the_agent() || self.daemon.logs_strangers()
    }

    fn refused(&self, refusal: Refusal) -> Answer {
        let user = self.account.as_ref().map_or("", |account| account.login.as_str());
        let code = serde_json::to_value(refusal.word).ok();
        let code = code.as_ref().and_then(serde_json::Value::as_str).unwrap_or("refused");
        let detail = refusal.detail.as_deref().unwrap_or("an entry did not open the computer");
        if self.is_logged() {
            self.daemon.log.error_of(user, Category::SignIn, code, detail, "");
        }
        Answer::Refused(refusal)
    }
}

fn switched_off() -> Refusal {
    Refusal::of(RefusalWord::Offline).because("this factor is switched off here")
}

fn fault(detail: &str) -> Answer {
    Answer::Fault { detail: detail.to_owned() }
}

/// Has PINs confirmed by the server.
struct Server {
    credential: Credential,
    client: Arc<Client>,
    patience: Duration,
    reached: bool,
}

impl Confirm for Server {
    fn confirm(&mut self, request: &ConfirmRequest) -> Confirmed {
        let answer = self.client.post::<ConfirmAnswer>(&self.credential, CONFIRM, request, self.patience);
        self.reached = !matches!(answer, Err(Failed::Unreachable(_)));
        match answer {
            Ok((answer, body)) => match self.credential.open(&answer.verdict, &body) {
                Ok(verdict) => Confirmed::Verdict(verdict),
                Err(_) => Confirmed::Unreachable,
            },
            Err(failed) => match failed.word() {
                Some(word) => Confirmed::Refused(word.word().to_owned()),
                None => Confirmed::Unreachable,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Paths;
    use postern_wire::factors::TOTP;
    use postern_wire::form::ProfileText;

    /// A computer whose account `grace` has the number 70001, and nobody else's.
    fn daemon(folder: &std::path::Path) -> Daemon {
        let path = |name: &str| folder.join(name);
        let text = "[users]\ngrace = \"grace@example.com\"\n[os_uids]\ngrace = 70001\n";
        std::fs::write(path("agent.toml"), text).unwrap();
        let (config, state_dir) = (path("agent.toml"), path("state"));
        Daemon::start(Paths { config, state_dir, socket: path("agent.sock"), log: path("log") }).unwrap()
    }

    fn begin(user: &str) -> Request {
        let text = |text: &str| ProfileText::new(text).unwrap();
        let user = Text::new(user).unwrap();
        Request::Begin(Place { service: text("login"), rhost: text(""), tty: text("tty1"), user })
    }

    fn app() -> Text {
        Text::new(TOTP).unwrap()
    }

    #[test]
    fn a_screen_locker_speaks_for_its_own_account_alone() {
        let folder = tempfile::tempdir().unwrap();
        let daemon = daemon(folder.path());
        let mut own = Conversation::new(&daemon, Peer::of(70001));
        assert!(matches!(own.answer(&begin("grace")), Answer::Contact(_)));
        assert!(matches!(own.answer(&begin("root")), Answer::Fault { .. }));
        let mut other = Conversation::new(&daemon, Peer::of(70002));
        assert!(matches!(other.answer(&begin("grace")), Answer::Fault { .. }));
        assert!(matches!(other.answer(&Request::PasswordProved), Answer::Fault { .. }));
    }

    #[test]
    fn a_stranger_does_not_fill_the_disk_with_log() {
        let folder = tempfile::tempdir().unwrap();
        let daemon = daemon(folder.path());
        let mut stranger = Conversation::new(&daemon, Peer::of(70002));
        for _ in 0..1000 {
            stranger.answer(&begin("grace"));
        }
        let lines = std::fs::read_to_string(folder.path().join("log")).unwrap().lines().count();
        assert!((1..=200).contains(&lines), "{lines} lines");
        let mut root = Conversation::new(&daemon, Peer::of(0));
        root.answer(&begin("root"));
        root.answer(&Request::PasswordProved);
        assert!(std::fs::read_to_string(folder.path().join("log")).unwrap().contains("not_linked"));
    }

    #[test]
    fn a_screen_locker_shows_no_challenge_and_operates_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let daemon = daemon(folder.path());
        let mut own = Conversation::new(&daemon, Peer::of(70001));
        own.answer(&begin("grace"));
        assert!(matches!(own.answer(&Request::PasswordProved), Answer::Person(_)));
        let Answer::Refused(refusal) = own.answer(&Request::Challenge) else { panic!("a challenge was shown") };
        assert_eq!(refusal.word, RefusalWord::NotHere);
        let (server, code) = (Text::new("http://localhost").unwrap(), Typed::new("x"));
        for request in
            [Request::CheckIn, Request::Doctor, Request::Enrol { server, code }, Request::Status, Request::Unenrol]
        {
            assert!(matches!(own.answer(&request), Answer::Fault { .. }), "{request:?}");
        }
    }

    #[test]
    fn nothing_opens_before_the_password() {
        let folder = tempfile::tempdir().unwrap();
        let daemon = daemon(folder.path());
        let mut talk = Conversation::new(&daemon, Peer::of(0));
        for request in [
            Request::Challenge,
            Request::PasswordProved,
            Request::Pin { text: Typed::new("482193077") },
            Request::Register,
            Request::Code { factor: app(), code: Typed::new("123456") },
            Request::Send { factor: app() },
        ] {
            assert!(matches!(talk.answer(&request), Answer::Fault { .. }), "{request:?}");
        }
        talk.answer(&begin("grace"));
        talk.answer(&Request::PasswordProved);
        assert!(matches!(talk.answer(&Request::Register), Answer::Fault { .. }));
        assert!(matches!(talk.answer(&begin("grace")), Answer::Contact(_)));
        let again = talk.answer(&Request::Pin { text: Typed::new("482193077") });
        assert!(matches!(again, Answer::Fault { .. }), "a new conversation begins without its password");
    }

    #[test]
    fn an_account_that_stands_for_nobody_has_no_way_in() {
        let folder = tempfile::tempdir().unwrap();
        let daemon = daemon(folder.path());
        let mut talk = Conversation::new(&daemon, Peer::of(0));
        talk.answer(&begin("root"));
        let Answer::Person(person) = talk.answer(&Request::PasswordProved) else { panic!("no person") };
        assert_eq!((person.login, person.factors), (None, Vec::new()));
        assert!(matches!(
            talk.answer(&Request::Code { factor: app(), code: Typed::new("123456") }),
            Answer::Fault { .. }
        ));
    }
}
