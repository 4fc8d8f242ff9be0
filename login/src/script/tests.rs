//! The script with a scripted person and a scripted agent.

use std::collections::VecDeque;

use postern_wire::Whole;
use postern_wire::place::Place;
use postern_wire::socket::{Challenge, ChallengeReason, Computer, Contact, Until};

use super::*;

struct Screen {
    lines: VecDeque<&'static str>,
    shown: String,
}

impl Conversation for Screen {
    fn ask(&mut self, prompt: &str, _echo: Echo) -> Result<String, HungUp> {
        self.shown += prompt;
        self.shown += "\n";
        self.lines.pop_front().map(str::to_owned).ok_or(HungUp)
    }
    fn tell(&mut self, text: &str) {
        self.shown.extend([text, "\n"]);
    }
    fn warn(&mut self, text: &str) {
        self.shown.extend(["! ", text, "\n"]);
    }
}

struct Scripted {
    person: Person,
    answers: VecDeque<Result<Answer, AgentFault>>,
    asked: Vec<Request>,
}

impl Agent for Scripted {
    fn ask(&mut self, request: &Request) -> Result<Answer, AgentFault> {
        self.asked.push(request.clone());
        match request {
            Request::Begin(_) | Request::ContactAdmin => Ok(Answer::Contact(contact())),
            Request::PasswordProved => Ok(Answer::Person(self.person.clone())),
            _ => self.answers.pop_front().unwrap_or(Err(AgentFault::Silent)),
        }
    }
}

/// What came of a sign-in.
struct Ended {
    outcome: Outcome,
    shown: String,
    asked: Vec<Request>,
}

fn run(person: Person, pins_here: bool, lines: &[&'static str], answers: Vec<Answer>) -> Ended {
    let mut agent = Scripted { person, answers: answers.into_iter().map(Ok).collect(), asked: Vec::new() };
    let mut screen = Screen { lines: lines.iter().copied().collect(), shown: String::new() };
    let outcome = sign_in(&place(), pins_here, &mut agent, &mut screen);
    Ended { outcome, shown: screen.shown, asked: agent.asked.split_off(2) }
}

fn place() -> Place {
    let text = |text: &str| postern_wire::form::ProfileText::new(text).unwrap();
    Place { service: text("login"), rhost: text(""), tty: text("tty1"), user: Text::new("grace").unwrap() }
}

fn contact() -> Contact {
    Contact {
        computer: Computer {
            name: "WIDGET-7".into(),
            manufacturer: "Lenovo".into(),
            model: "ThinkPad X1".into(),
            serial_number: "PF-2K4".into(),
        },
        email: "help@example.com".into(),
        phone: "+44 20 7946 0000".into(),
        info: String::new(),
    }
}

fn person(recovery: RecoveryWay) -> Person {
    Person { login: Text::new("grace@example.com"), factors: vec![offered(TOTP)], recovery, active_until: None }
}

fn offered(factor: &str) -> Offered {
    Offered { factor: Text::new(factor).unwrap(), sent_to: None }
}

fn sent(factor: &str, to: &str) -> Offered {
    Offered { sent_to: Some(to.to_owned()), ..offered(factor) }
}

fn shows(factor: &str, code: &str) -> Request {
    Request::Code { factor: Text::new(factor).unwrap(), code: Typed::new(code) }
}

fn until() -> Until {
    Until { at: Whole::clamped(1_000_000), seconds: Whole::clamped(3600), clock: "14:05".into() }
}

fn by_pin(by: OpenedBy) -> Answer {
    Answer::Opened(Opened {
        by,
        until: Some(until()),
        enrol_at: Some("https://postern.example.com/account".into()),
        register: false,
    })
}

fn by_factor(register: bool) -> Answer {
    Answer::Opened(Opened { by: OpenedBy::Factor, until: None, enrol_at: None, register })
}

fn refused(word: RefusalWord) -> Answer {
    Answer::Refused(Refusal::of(word))
}

fn is_open(ended: &Ended) -> bool {
    matches!(ended.outcome, Outcome::Opened(_))
}

#[test]
fn an_app_code_opens_and_registers() {
    let answers = vec![by_factor(true), Answer::Registered { ready: true, detail: String::new() }];
    let ended = run(person(RecoveryWay::Time), true, &["123 456"], answers);
    assert!(is_open(&ended));
    assert_eq!(ended.asked, [shows(TOTP, "123456"), Request::Register]);
    assert!(ended.shown.contains(words::REGISTERED));
}

#[test]
fn a_registration_that_fails_is_told_and_the_door_stays_open() {
    let answers = vec![by_factor(true), Answer::Registered { ready: false, detail: "there is no certificate".into() }];
    let ended = run(person(RecoveryWay::Time), true, &["123456"], answers);
    assert!(is_open(&ended));
    assert!(ended.shown.contains("there is no certificate"));
}

#[test]
fn a_recovery_pin_opens_and_says_until_when_and_where_to_enrol() {
    let ended = run(person(RecoveryWay::Time), true, &["482-193 077"], vec![by_pin(OpenedBy::Pin)]);
    assert!(is_open(&ended));
    assert_eq!(ended.asked, [Request::Pin { text: Typed::new("482193077") }]);
    assert!(ended.shown.contains("until 14:05 (60 minutes)"), "{}", ended.shown);
    assert!(ended.shown.contains("https://postern.example.com/account"));
}

#[test]
fn an_access_without_an_end_is_not_believed() {
    let endless = Opened { by: OpenedBy::Pin, until: None, enrol_at: None, register: false };
    let ended = run(person(RecoveryWay::Time), true, &["482193077"], vec![Answer::Opened(endless)]);
    assert_eq!(ended.outcome, Outcome::Shut(Shut::NoAgent(AgentFault::Silent)));
}

#[test]
fn every_refusal_says_what_to_do_and_asks_again() {
    for (word, says) in [
        (RefusalWord::Mistyped, "No attempt was counted"),
        (RefusalWord::Wrong, "not right"),
        (RefusalWord::Expired, "older than two minutes"),
        (RefusalWord::Superseded, "newer recovery PIN"),
        (RefusalWord::AlreadyUsed, "used before"),
        (RefusalWord::AccessEnded, "time of that recovery PIN is over"),
        (RefusalWord::Revoked, "taken back"),
        (RefusalWord::UntrustedClock, "Enter \"code\""),
        (RefusalWord::HardLocked, "too many wrong PINs"),
        (RefusalWord::NotRegistered, "no recovery PIN can be made"),
        (RefusalWord::ServerRefuses, "Call the help desk"),
        (RefusalWord::Fault, "postern-agent doctor"),
    ] {
        let ended = run(person(RecoveryWay::Time), true, &["482193077", "quit"], vec![refused(word)]);
        assert_eq!(ended.outcome, Outcome::Shut(Shut::GaveUp));
        assert!(ended.shown.contains(says), "{word:?}: {}", ended.shown);
    }
}

#[test]
fn a_lock_says_when_it_ends() {
    let refusal = Refusal { until: Some(until()), ..Refusal::of(RefusalWord::Locked) };
    let ended = run(person(RecoveryWay::Time), true, &["482193077"], vec![Answer::Refused(refusal)]);
    assert!(ended.shown.contains("Try again in 60 minutes, at 14:05."), "{}", ended.shown);
}

#[test]
fn offline_an_app_code_points_to_the_pin() {
    let ended = run(person(RecoveryWay::Time), true, &["123456"], vec![refused(RefusalWord::Offline)]);
    assert!(ended.shown.contains("use a recovery PIN"));
}

#[test]
fn help_names_the_computer_and_whom_to_call() {
    let ended = run(person(RecoveryWay::Time), true, &["Contact admin"], vec![]);
    for wanted in ["WIDGET-7", "Lenovo", "ThinkPad X1", "PF-2K4", "+44 20 7946 0000", "within two minutes"] {
        assert!(ended.shown.contains(wanted), "{wanted}: {}", ended.shown);
    }
}

#[test]
fn a_challenge_is_shown_in_groups_of_three() {
    let way = RecoveryWay::Challenge { why: ChallengeReason::Clock };
    let digits = Challenge { digits: "193482770".into(), seconds: Whole::clamped(120), why: ChallengeReason::Clock };
    let answers = vec![Answer::Challenge(digits), by_pin(OpenedBy::Pin)];
    let ended = run(person(way), true, &["help", "code", "482 193 077"], answers);
    assert!(is_open(&ended));
    assert!(ended.shown.contains("193 482 770"));
    assert!(ended.shown.contains("within 120 seconds"));
    assert!(ended.shown.contains("When they ask for it, enter \"code\""));
}

#[test]
fn a_wrong_number_of_digits_reaches_no_agent() {
    let ended = run(person(RecoveryWay::Time), true, &["1234567", "", "open sesame", "\u{661}\u{662}"], vec![]);
    assert!(ended.asked.is_empty());
    assert!(ended.shown.contains("Those are 7 digits"));
}

#[test]
fn where_pins_are_not_taken_none_is_passed_on() {
    let ended = run(person(RecoveryWay::Time), false, &["482193077", "code", "quit"], vec![by_pin(OpenedBy::Pin)]);
    assert_eq!(ended.outcome, Outcome::Shut(Shut::GaveUp));
    assert!(ended.asked.is_empty());
    assert!(ended.shown.contains("only at the computer itself"));
}

#[test]
fn an_account_without_a_login_is_told_whom_to_call() {
    let nobody = Person { login: None, ..person(RecoveryWay::Time) };
    let ended = run(nobody, true, &["123456"], vec![by_factor(false)]);
    assert_eq!(ended.outcome, Outcome::Shut(Shut::NoWayIn));
    assert_eq!(ended.asked, [Request::ContactAdmin]);
    assert!(ended.shown.contains("not linked"));
}

#[test]
fn without_factor_and_recovery_there_is_no_way_in() {
    let way = RecoveryWay::None { why: Refusal::of(RefusalWord::NotRegistered) };
    let stuck = Person { factors: Vec::new(), ..person(way) };
    assert_eq!(run(stuck, true, &["123456"], vec![]).outcome, Outcome::Shut(Shut::NoWayIn));
}

#[test]
fn other_factors_are_named_and_their_codes_sent_when_asked_for() {
    let factors = vec![sent("sms", "+1 XXX-XXX-1337"), offered(TOTP), sent("email", "g...r@example.com")];
    let grace = Person { factors, ..person(RecoveryWay::Time) };
    let answers = vec![refused(RefusalWord::SentJustNow), Answer::Sent, by_factor(false)];
    let ended = run(grace, true, &["sms", "123456", "SMS", "654 321"], answers);
    assert!(is_open(&ended));
    let send = Request::Send { factor: Text::new("sms").unwrap() };
    assert_eq!(ended.asked, [send.clone(), send, shows("sms", "654321")]);
    let first = ended.shown.lines().take(4).collect::<Vec<_>>();
    let wanted = [
        "You can also enter:",
        "  sms        a text message to +1 XXX-XXX-1337",
        "  email      an e-mail to g...r@example.com",
        "App code or recovery PIN (or \"help\"): ",
    ];
    assert_eq!(first, wanted);
    for says in ["Wait for it", "No code was sent yet", "on its way to +1 XXX-XXX-1337", "Code of the text message or"]
    {
        assert!(ended.shown.contains(says), "{says}: {}", ended.shown);
    }
}

#[test]
fn whoever_has_nothing_but_sent_codes_chooses_first() {
    let grace = Person { factors: vec![sent("call", "+1 XXX-XXX-1337")], ..person(RecoveryWay::Time) };
    let ended = run(grace, true, &["123456", "call", "123456"], vec![Answer::Sent, by_factor(false)]);
    assert!(is_open(&ended));
    assert!(
        ended.shown.starts_with("Enter one of these:\n  call       a call to +1 XXX-XXX-1337\n"),
        "{}",
        ended.shown
    );
    assert_eq!(ended.asked.last(), Some(&shows("call", "123456")));
}

#[test]
fn a_backup_code_and_a_token_are_taken_by_their_form() {
    let grace = Person { factors: vec![offered("token:hotp")], ..person(RecoveryWay::Time) };
    let lines = ["12345678", "jbsw-y3dp-ehpk-3pxp"];
    let ended = run(grace, true, &lines, vec![refused(RefusalWord::Wrong), by_factor(false)]);
    assert!(is_open(&ended));
    assert_eq!(ended.asked, [shows("token:hotp", "12345678"), shows(TOTP, "jbswy3dpehpk3pxp")]);
}

#[test]
fn where_no_factor_is_taken_a_code_is_passed_to_nobody() {
    let grace = Person { factors: Vec::new(), ..person(RecoveryWay::Time) };
    let ended = run(grace, true, &["123456"], vec![]);
    assert!(ended.asked.is_empty());
    assert!(ended.shown.contains("A recovery PIN has nine digits"));
}

#[test]
fn entries_end_after_a_while() {
    let lines = ["123456"; MAX_ENTRIES + 1];
    let answers = vec![refused(RefusalWord::Wrong); MAX_ENTRIES + 1];
    let ended = run(person(RecoveryWay::Time), true, &lines, answers);
    assert_eq!(ended.outcome, Outcome::Shut(Shut::TooMany));
}

#[test]
fn an_agent_that_dies_keeps_the_door_shut() {
    let ended = run(person(RecoveryWay::Time), true, &["482193077", "482193077"], vec![]);
    assert_eq!(ended.outcome, Outcome::Shut(Shut::NoAgent(AgentFault::Silent)));
    assert!(ended.shown.contains("stopped answering"));
}

#[test]
fn an_answer_to_another_question_keeps_the_door_shut() {
    let odd = Answer::Registered { ready: true, detail: String::new() };
    let ended = run(person(RecoveryWay::Time), true, &["482193077"], vec![odd]);
    assert_eq!(ended.outcome, Outcome::Shut(Shut::NoAgent(AgentFault::Silent)));
}

#[test]
fn a_missing_agent_says_how_to_start_it() {
    struct Missing;
    impl Agent for Missing {
        fn ask(&mut self, _request: &Request) -> Result<Answer, AgentFault> {
            Err(AgentFault::Missing)
        }
    }
    let mut screen = Screen { lines: VecDeque::new(), shown: String::new() };
    let outcome = sign_in(&place(), true, &mut Missing, &mut screen);
    assert_eq!(outcome, Outcome::Shut(Shut::NoAgent(AgentFault::Missing)));
    assert!(screen.shown.contains("systemctl start postern-agent"));
}

#[test]
fn a_reminder_tells_the_end_and_nothing_else_does() {
    let mut screen = Screen { lines: VecDeque::new(), shown: String::new() };
    let access = |until| Ok(Answer::Access(Access { until, enrol_at: None }));
    let answers = VecDeque::from([access(Some(until())), access(None), Err(AgentFault::Missing)]);
    let mut agent = Scripted { person: person(RecoveryWay::Time), answers, asked: Vec::new() };
    remind("grace", &mut agent, &mut screen);
    assert!(screen.shown.contains("until 14:05"));
    let once = screen.shown.clone();
    remind("grace", &mut agent, &mut screen);
    remind("grace", &mut agent, &mut screen);
    assert_eq!(screen.shown, once);
}

#[test]
fn what_the_server_said_does_not_steer_the_terminal() {
    let refused = Refusal::of(RefusalWord::ServerRefuses).because("no\x1b[2J\u{9b}31m\rno");
    let ended = run(person(RecoveryWay::Time), true, &["123456"], vec![Answer::Refused(refused)]);
    assert!(ended.shown.contains("(no [2J 31m no)"), "{}", ended.shown);
}
