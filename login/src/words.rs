//! Every sentence that a person at a locked computer reads: what happened, what it means, what to do.

use postern_wire::factors::{Offered, TOTP};
use postern_wire::socket::{Challenge, ChallengeReason, Contact, Person, RecoveryWay, Refusal, RefusalWord, Until};

use crate::script::{AgentFault, Shut};

/// Said once a recovery secret was registered.
pub const REGISTERED: &str =
    "If you ever lose your factor, the help desk can now read you a recovery PIN for this computer.";

/// Said where a code is entered and nothing shows one.
pub(crate) const fn nothing_shows_one(offered: &[Offered]) -> &'static str {
    if offered.is_empty() {
        "No code of a factor is taken here now. A recovery PIN has nine digits."
    } else {
        "No code was sent yet. Enter the word of a way above to be sent one."
    }
}

/// The factor whose codes have as many digits as its maker gave them.
pub(crate) const TOKEN: &str = "token:hotp";

/// The word that chooses a factor at the prompt.
pub(crate) fn word(offer: &Offered) -> &str {
    match offer.factor.as_str() {
        TOTP => "app",
        TOKEN => "token",
        name => name,
    }
}

/// What a factor shows, as the prompt asks for it.
fn asked(offer: &Offered) -> String {
    match offer.factor.as_str() {
        TOTP => "App code".to_owned(),
        TOKEN => "Code of your token".to_owned(),
        "call" => "Code of the call".to_owned(),
        "email" => "E-mail code".to_owned(),
        "sms" => "Code of the text message".to_owned(),
        name => format!("Code of {name}"),
    }
}

/// The prompt, by what the person can enter.
pub(crate) fn prompt(shown: Option<&Offered>, recovery: &RecoveryWay) -> String {
    match (shown.map(asked), recovery) {
        (Some(code), RecoveryWay::None { .. }) => format!("{code} (or \"help\"): "),
        (Some(code), RecoveryWay::Time) => format!("{code} or recovery PIN (or \"help\"): "),
        (Some(code), RecoveryWay::Challenge { .. }) => format!("{code}, \"code\" for a challenge, or \"help\": "),
        (None, RecoveryWay::Challenge { .. }) => "Recovery PIN, \"code\" for a challenge, or \"help\": ".to_owned(),
        (None, RecoveryWay::Time) => "Recovery PIN (or \"help\"): ".to_owned(),
        (None, RecoveryWay::None { .. }) => "Your choice (or \"help\"): ".to_owned(),
    }
}

/// The ways beside the one that is asked for, in their order; nothing where there is no other.
pub(crate) fn others(offered: &[Offered], shown: Option<&Offered>) -> Option<String> {
    let others = offered.iter().filter(|offer| shown != Some(offer)).map(|offer| {
        let way = match (offer.factor.as_str(), &offer.sent_to) {
            ("call", Some(to)) => format!("a call to {to}"),
            ("email", Some(to)) => format!("an e-mail to {to}"),
            ("sms", Some(to)) => format!("a text message to {to}"),
            (TOTP, _) => "the code of your app".to_owned(),
            (TOKEN, _) => "the code of your token".to_owned(),
            (name, _) => name.to_owned(),
        };
        format!("  {:<11}{way}", word(offer))
    });
    let lines: Vec<String> = others.collect();
    let head = if shown.is_some() { "You can also enter:" } else { "Enter one of these:" };
    (!lines.is_empty()).then(|| format!("{head}\n{}", lines.join("\n")))
}

/// A code is on its way.
pub(crate) fn sent(shown: Option<&Offered>) -> String {
    let to = shown.and_then(|offer| offer.sent_to.as_deref()).unwrap_or("you");
    format!("A code is on its way to {to}. It works for five minutes.")
}

/// What "help" shows: whom to call, what they will ask, and how a PIN works.
pub(crate) fn contact(contact: &Contact, person: &Person) -> String {
    let computer = &contact.computer;
    let mut lines = vec!["Contact admin".to_owned()];
    let named = [("Phone", &contact.phone), ("E-mail", &contact.email), ("Note", &contact.info)];
    lines.extend(named.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| row(name, value)));
    if lines.len() == 1 {
        lines.push("  Call your help desk.".to_owned());
    }
    lines.push("They will ask for this computer:".to_owned());
    let named = [
        ("Name", &computer.name),
        ("Make", &computer.manufacturer),
        ("Model", &computer.model),
        ("Serial no.", &computer.serial_number),
    ];
    lines.extend(named.iter().map(|(name, value)| row(name, if value.is_empty() { "(none)" } else { value })));
    lines.push(how_recovery_works(&person.recovery));
    lines.join("\n")
}

fn row(name: &str, value: &str) -> String {
    format!("  {name:<11}{value}")
}

fn how_recovery_works(way: &RecoveryWay) -> String {
    match way {
        RecoveryWay::Time => "They make sure that it is you, and read out a recovery PIN of nine digits. \
             Enter it here within two minutes."
            .to_owned(),
        RecoveryWay::Challenge { .. } => "They make sure that it is you. When they ask for it, enter \"code\": \
             this screen shows nine digits. Read them out, and enter the nine digits that they answer within two minutes."
            .to_owned(),
        RecoveryWay::None { why } => format!("A recovery PIN does not work here now. {}", refusal(why)),
    }
}

/// Nine digits in groups of three.
pub fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && index % 3 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

pub(crate) fn challenge(challenge: &Challenge) -> String {
    let why = match challenge.why {
        ChallengeReason::Clock => "This computer cannot be sure of the time, so it asks a question.",
        ChallengeReason::HardLock => "After too many wrong PINs this computer asks a question.",
        ChallengeReason::Policy | ChallengeReason::SoftBinding => "This computer asks a question.",
    };
    format!(
        "{why}\n\n    {}\n\nRead these digits to the help desk, and enter their nine digits within {} seconds.",
        grouped(&challenge.digits),
        challenge.seconds.get()
    )
}

pub(crate) fn pin_works_again(until: &Until) -> String {
    format!("The recovery PIN that you used works again until {}.", until.clock)
}

/// How long access by a PIN lasts, and what to do before it ends.
pub(crate) fn access_lasts(until: &Until, enrol_at: Option<&str>) -> String {
    let place = enrol_at.map_or_else(|| "Ask the help desk where.".to_owned(), |place| format!("Go to {place}"));
    format!(
        "You have access by recovery PIN until {} ({}). Until then the same PIN works again.\n\
         Set up a new factor before that. {place}",
        until.clock,
        span(until.seconds.get())
    )
}

/// A span as a person says it; a started minute counts.
pub(crate) fn span(seconds: u64) -> String {
    let plural = |number: u64, unit: &str| format!("{number} {unit}{}", if number == 1 { "" } else { "s" });
    match seconds.div_ceil(60) {
        minutes @ 0..=120 => plural(minutes, "minute"),
        minutes => plural(minutes.div_ceil(60), "hour"),
    }
}

pub(crate) fn not_registered(detail: &str) -> String {
    format!("Recovery is not set up for you on this computer yet: {detail}")
}

pub(crate) fn unknown_entry(digits: Option<usize>) -> String {
    let wanted = "An app code has six digits, a recovery PIN nine.";
    match digits {
        Some(1) => format!("That is one digit. {wanted} Nothing was counted: enter it again."),
        Some(digits) => format!("Those are {digits} digits. {wanted} Nothing was counted: enter it again."),
        None => format!("{wanted} Enter \"help\" to see whom to call."),
    }
}

/// Why an entry did not open.
pub fn refusal(refusal: &Refusal) -> String {
    let sentence = match refusal.word {
        RefusalWord::AccessEnded => "The time of that recovery PIN is over. Ask the help desk for a new one.",
        RefusalWord::AlreadyUsed => "That recovery PIN was used before. Ask the help desk for a new one.",
        RefusalWord::ChallengeOver => {
            "There is no challenge on the screen now, or its two minutes are over. Enter \"code\" for a new one."
        }
        RefusalWord::Expired => "That recovery PIN is older than two minutes. Ask the help desk for a new one.",
        RefusalWord::Fault => {
            "Something broke on this computer, so nothing could be checked. An administrator finds out with: \
             postern-agent doctor"
        }
        RefusalWord::HardLocked => {
            "There were too many wrong PINs. Connect this computer to the network, or enter \"code\" for a challenge."
        }
        RefusalWord::Locked => "There were too many wrong entries.",
        RefusalWord::Mistyped => "Those digits hold a typing slip. No attempt was counted: enter them again.",
        RefusalWord::NotHere => {
            "Recovery PINs work only at the computer itself, not over the network or for other commands."
        }
        RefusalWord::NotLinked => {
            "This account is not linked to a person at the server, so there is no second factor to check. \
             An administrator links it in /etc/postern/agent.toml, under [users]."
        }
        RefusalWord::NotRegistered => {
            "You have not signed in on this computer with your factor while it was online, so no recovery PIN can be \
             made for it yet."
        }
        RefusalWord::Offline => {
            "The server cannot be reached, so no code can be checked. Check the network, or use a recovery PIN."
        }
        RefusalWord::Revoked => "That recovery PIN was taken back. Call the help desk.",
        RefusalWord::SentJustNow => "A code was sent a moment ago. Wait for it, or for a new one.",
        RefusalWord::ServerRefuses => "The server refuses this computer or this account. Call the help desk.",
        RefusalWord::Superseded => "A newer recovery PIN was made. Enter the newest one.",
        RefusalWord::UntrustedClock => {
            "This computer cannot be sure of the time, so it takes no time PIN. Enter \"code\" for a challenge."
        }
        RefusalWord::Wrong => "That code is not right. Check the digits and try again.",
    };
    let wait =
        refusal.until.as_ref().map(|until| format!(" Try again in {}, at {}.", span(until.seconds.get()), until.clock));
    let detail = refusal.detail.as_ref().map(|detail| format!(" ({detail})"));
    format!("{sentence}{}{}", wait.unwrap_or_default(), detail.unwrap_or_default())
}

/// Why the whole sign-in ended, where the person does not know it already.
pub(crate) const fn shut(shut: Shut) -> Option<&'static str> {
    match shut {
        Shut::NoAgent(AgentFault::Missing) => Some(
            "The sign-in service of this computer does not run, so no code can be checked. \
             An administrator starts it with: systemctl start postern-agent",
        ),
        Shut::NoAgent(AgentFault::Silent) => Some(
            "The sign-in service of this computer stopped answering, so no code can be checked. Try again; \
             if it stays so, an administrator looks at /var/log/postern/device-access.log",
        ),
        Shut::TooMany => Some("Too many entries. Sign in again."),
        Shut::GaveUp | Shut::NoWayIn => None,
    }
}
