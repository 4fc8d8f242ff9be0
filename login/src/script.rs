//! The conversation itself: one prompt that takes what a factor shows, a recovery PIN, or a word: for another factor, for
//! help.

use postern_wire::Text;
use postern_wire::factors::{Offered, TOTP};
use postern_wire::place::Place;
use postern_wire::socket::{
    Access, Answer, Opened, OpenedBy, Person, RecoveryWay, Refusal, RefusalWord, Request, Typed,
};

use crate::words;

/// How many entries one conversation takes, right or wrong; the agent counts wrong ones by itself.
const MAX_ENTRIES: usize = 12;

/// The letters of a backup code, its groups joined.
const BACKUP_CODE: usize = 16;

/// The screen and the keyboard.
pub trait Conversation {
    /// Asks for a line.
    ///
    /// # Errors
    /// [`HungUp`] where nobody answers any more.
    fn ask(&mut self, prompt: &str, echo: Echo) -> Result<String, HungUp>;

    /// Tells something. A screen that cannot show it is no reason to stop.
    fn tell(&mut self, text: &str);

    /// Tells of something that went wrong.
    fn warn(&mut self, text: &str);
}

/// Whether what is typed may be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// It must not be.
    Hidden,
    /// It may be: a code that works once is typed more surely where it is seen.
    Visible,
}

/// Nobody is at the keyboard any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HungUp;

/// The computer's daemon.
pub trait Agent {
    /// Asks one thing.
    ///
    /// # Errors
    /// [`AgentFault`] where no answer comes; the door stays shut.
    fn ask(&mut self, request: &Request) -> Result<Answer, AgentFault>;
}

/// Why the agent gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentFault {
    /// It does not run, or may not be reached.
    Missing,
    /// It stopped answering, or answered what no agent says.
    Silent,
}

/// How a sign-in ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The computer may be opened; the terms were told to the person.
    Opened(Opened),
    /// It stays shut.
    Shut(Shut),
}

/// Why the computer stays shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shut {
    /// The agent gave no answer.
    NoAgent(AgentFault),
    /// The person gave up or went away.
    GaveUp,
    /// This account has no second factor and no recovery here.
    NoWayIn,
    /// Too many entries in one conversation.
    TooMany,
}

impl From<HungUp> for Shut {
    fn from(HungUp: HungUp) -> Self {
        Self::GaveUp
    }
}

impl From<AgentFault> for Shut {
    fn from(fault: AgentFault) -> Self {
        Self::NoAgent(fault)
    }
}

/// Runs a sign-in after its password was proved: `pins_here` says whether the caller's own look at the place allows
/// recovery PINs; the agent looks again.
pub fn sign_in(place: &Place, pins_here: bool, agent: &mut dyn Agent, conversation: &mut dyn Conversation) -> Outcome {
    let conversation = &mut Printable(conversation);
    let opened = greet(place, agent)
        .and_then(|person| open(&person, pins_here, agent, conversation))
        .and_then(|opened| register(opened, agent, conversation));
    match opened {
        Ok(opened) => Outcome::Opened(opened),
        Err(shut) => {
            if let Some(sentence) = words::shut(shut) {
                conversation.warn(sentence);
            }
            Outcome::Shut(shut)
        }
    }
}

/// Tells a person whose access ends until when it lasts. It never fails: a session is not ended by a reminder.
pub fn remind(user: &str, agent: &mut dyn Agent, conversation: &mut dyn Conversation) {
    let Some(user) = Text::new(user) else { return };
    if let Ok(Answer::Access(Access { until: Some(until), enrol_at })) = agent.ask(&Request::Access { user }) {
        Printable(conversation).tell(&words::access_lasts(&until, enrol_at.as_deref()));
    }
}

/// A screen that gets no control characters: what the server or the firmware said must not steer a terminal.
struct Printable<'a>(&'a mut dyn Conversation);

impl Printable<'_> {
    fn cleaned(text: &str) -> String {
        text.chars().map(|char| if char.is_control() && char != '\n' { ' ' } else { char }).collect()
    }
}

impl Conversation for Printable<'_> {
    fn ask(&mut self, prompt: &str, echo: Echo) -> Result<String, HungUp> {
        self.0.ask(&Self::cleaned(prompt), echo)
    }

    fn tell(&mut self, text: &str) {
        self.0.tell(&Self::cleaned(text));
    }

    fn warn(&mut self, text: &str) {
        self.0.warn(&Self::cleaned(text));
    }
}

/// Says who is there, and that the password was right.
fn greet(place: &Place, agent: &mut dyn Agent) -> Result<Person, Shut> {
    match agent.ask(&Request::Begin(place.clone()))? {
        Answer::Contact(_) => {}
        _ => return Err(Shut::NoAgent(AgentFault::Silent)),
    }
    match agent.ask(&Request::PasswordProved)? {
        Answer::Person(person) => Ok(person),
        _ => Err(Shut::NoAgent(AgentFault::Silent)),
    }
}

/// Takes entries until one opens.
fn open(
    person: &Person,
    pins_here: bool,
    agent: &mut dyn Agent,
    conversation: &mut dyn Conversation,
) -> Result<Opened, Shut> {
    let refused = match (&person.login, &person.recovery) {
        (None, _) => Some(Refusal::of(RefusalWord::NotLinked)),
        (Some(_), RecoveryWay::None { why }) if person.factors.is_empty() => Some(why.clone()),
        (Some(_), _) => None,
    };
    if let Some(refusal) = refused {
        conversation.warn(&words::refusal(&refusal));
        show_contact(person, agent, conversation)?;
        return Err(Shut::NoWayIn);
    }
    if let Some(until) = &person.active_until {
        conversation.tell(&words::pin_works_again(until));
    }
    let mut shown = Shown::first(&person.factors);
    if let Some(others) = words::others(&person.factors, shown.offer()) {
        conversation.tell(&others);
    }
    for _ in 0..MAX_ENTRIES {
        let typed = conversation.ask(&words::prompt(shown.offer(), &person.recovery), Echo::Visible)?;
        let answer = match Entry::read(&typed, &person.factors, shown.offer()) {
            Entry::Code(code) => {
                let Some(offer) = shown.ready() else {
                    conversation.warn(words::nothing_shows_one(&person.factors));
                    continue;
                };
                agent.ask(&Request::Code { factor: offer.factor.clone(), code })?
            }
            Entry::BackupCode(code) => match Text::new(TOTP) {
                Some(factor) => agent.ask(&Request::Code { factor, code })?,
                None => return Err(Shut::NoAgent(AgentFault::Silent)),
            },
            Entry::Factor(offer) => {
                shown = Shown::chosen(offer);
                match &offer.sent_to {
                    None => continue,
                    Some(_) => agent.ask(&Request::Send { factor: offer.factor.clone() })?,
                }
            }
            Entry::Challenge if pins_here => agent.ask(&Request::Challenge)?,
            Entry::Help => {
                show_contact(person, agent, conversation)?;
                continue;
            }
            Entry::Leave => return Err(Shut::GaveUp),
            Entry::Pin(text) if pins_here => agent.ask(&Request::Pin { text })?,
            Entry::Challenge | Entry::Pin(_) => Answer::Refused(Refusal::of(RefusalWord::NotHere)),
            Entry::Unknown { digits } => {
                conversation.warn(&words::unknown_entry(digits));
                continue;
            }
        };
        match answer {
            Answer::Opened(opened) => return Ok(opened),
            Answer::Challenge(challenge) => conversation.tell(&words::challenge(&challenge)),
            Answer::Refused(refusal) => conversation.warn(&words::refusal(&refusal)),
            Answer::Sent => {
                shown.is_sent = true;
                conversation.tell(&words::sent(shown.offer()));
            }
            Answer::Access(_)
            | Answer::Contact(_)
            | Answer::Doctor { .. }
            | Answer::Done { .. }
            | Answer::Fault { .. }
            | Answer::Person(_)
            | Answer::Registered { .. }
            | Answer::Status(_) => return Err(Shut::NoAgent(AgentFault::Silent)),
        }
    }
    Err(Shut::TooMany)
}

/// Tells the terms of the access, and registers the person for recovery where that is due. The computer is open by now:
/// a registration that fails is told, and tried again next time.
fn register(opened: Opened, agent: &mut dyn Agent, conversation: &mut dyn Conversation) -> Result<Opened, Shut> {
    match opened.by {
        OpenedBy::Factor => {}
        OpenedBy::Pin | OpenedBy::PinAgain => match &opened.until {
            Some(until) => conversation.tell(&words::access_lasts(until, opened.enrol_at.as_deref())),
            None => return Err(Shut::NoAgent(AgentFault::Silent)),
        },
    }
    if opened.register {
        match agent.ask(&Request::Register) {
            Ok(Answer::Registered { ready: true, .. }) => conversation.tell(words::REGISTERED),
            Ok(Answer::Registered { ready: false, detail }) => conversation.tell(&words::not_registered(&detail)),
            Ok(_) | Err(_) => conversation.tell(&words::not_registered("the agent gave no answer")),
        }
    }
    Ok(opened)
}

fn show_contact(person: &Person, agent: &mut dyn Agent, conversation: &mut dyn Conversation) -> Result<(), Shut> {
    match agent.ask(&Request::ContactAdmin)? {
        Answer::Contact(contact) => {
            conversation.tell(&words::contact(&contact, person));
            Ok(())
        }
        _ => Err(Shut::NoAgent(AgentFault::Silent)),
    }
}

/// Which factor is shown now.
struct Shown<'p> {
    offer: Option<&'p Offered>,
    /// Whether its code was sent, where one is.
    is_sent: bool,
}

impl<'p> Shown<'p> {
    /// The first that needs nothing sent: nobody is sent a message that they did not ask for.
    fn first(offered: &'p [Offered]) -> Self {
        Self { offer: offered.iter().find(|offer| offer.sent_to.is_none()), is_sent: false }
    }

    const fn chosen(offer: &'p Offered) -> Self {
        Self { offer: Some(offer), is_sent: false }
    }

    const fn offer(&self) -> Option<&'p Offered> {
        self.offer
    }

    /// The factor, where it can be answered by now.
    fn ready(&self) -> Option<&'p Offered> {
        self.offer.filter(|offer| offer.sent_to.is_none() || self.is_sent)
    }
}

/// What a line at the prompt means.
enum Entry<'p> {
    /// Sixteen letters and digits: taken where an app code is.
    BackupCode(Typed),
    /// The word for nine digits on the screen.
    Challenge,
    /// What the factor shows: six to eight digits.
    Code(Typed),
    /// The word for another factor.
    Factor(&'p Offered),
    /// The word for help.
    Help,
    /// The word for leaving.
    Leave,
    /// Nine digits.
    Pin(Typed),
    /// Nothing of these.
    Unknown {
        /// How many digits it has, if it is digits alone.
        digits: Option<usize>,
    },
}

impl<'p> Entry<'p> {
    fn read(line: &str, offered: &'p [Offered], shown: Option<&Offered>) -> Self {
        let joined: String = line.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let word = joined.to_ascii_lowercase();
        let named = offered.iter().find(|offer| words::word(offer) == word);
        match (word.as_str(), named) {
            (_, Some(offer)) => return Self::Factor(offer),
            ("help" | "?" | "contact" | "contactadmin", _) => return Self::Help,
            ("code" | "showcode" | "challenge", _) => return Self::Challenge,
            ("quit" | "exit" | "cancel", _) => return Self::Leave,
            _ => {}
        }
        let is_digits = !joined.is_empty() && joined.bytes().all(|byte| byte.is_ascii_digit());
        match joined.len() {
            9 if is_digits => Self::Pin(Typed::new(&joined)),
            6 if is_digits => Self::Code(Typed::new(&joined)),
            7 | 8 if is_digits && shown.is_some_and(|offer| offer.factor.as_str() == words::TOKEN) => {
                Self::Code(Typed::new(&joined))
            }
            BACKUP_CODE if !is_digits && joined.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                Self::BackupCode(Typed::new(&joined))
            }
            digits if is_digits => Self::Unknown { digits: Some(digits) },
            _ => Self::Unknown { digits: None },
        }
    }
}

#[cfg(test)]
mod tests;
