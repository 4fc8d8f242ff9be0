//! The locked screen of the demo's computer: name, password, then the real conversation with the real agent.
//!
//! The password step is the demo's own: it stands for the system's password module, which on a real computer has to
//! succeed before `pam_postern.so` is asked. Everything after it is [`script`](postern_login::script) as PAM runs it.

use postern_login::{Conversation, Echo, HungUp, Outcome, sign_in, socket};
use postern_wire::Text;
use postern_wire::form::ProfileText;
use postern_wire::place::{PIN_SERVICES, Place};

use super::facts::{Facts, Person};

/// How often a wrong password is asked again.
const PASSWORD_TRIES: usize = 3;

/// Runs one sign-in from the empty screen on. Nothing where it did not come to the agent.
pub fn from_the_name_on(facts: &Facts, conversation: &mut dyn Conversation) -> Option<Outcome> {
    let person = prove_password(facts, conversation)?;
    let place = at_the_computer(person.account())?;
    let mut agent = socket::agent(&facts.device.agent_socket);
    Some(sign_in(&place, place.takes_pins(PIN_SERVICES), &mut *agent, conversation))
}

/// The computer's own keyboard.
pub fn at_the_computer(account: &str) -> Option<Place> {
    place("login", "", "tty1", account)
}

/// Somewhere else, over the network.
pub fn over_the_network(account: &str) -> Option<Place> {
    place("sshd", "203.0.113.66", "ssh", account)
}

fn place(service: &str, rhost: &str, tty: &str, account: &str) -> Option<Place> {
    Some(Place {
        service: ProfileText::new(service)?,
        rhost: ProfileText::new(rhost)?,
        tty: ProfileText::new(tty)?,
        user: Text::new(account)?,
    })
}

fn prove_password<'f>(facts: &'f Facts, conversation: &mut dyn Conversation) -> Option<&'f Person> {
    for _ in 0..PASSWORD_TRIES {
        let answered: Result<_, HungUp> = (|| {
            let name = conversation.ask("Login: ", Echo::Visible)?;
            Ok((name, conversation.ask("Password: ", Echo::Hidden)?))
        })();
        let (name, password) = answered.ok()?;
        let person = facts.person_named(name.trim());
        if let Some(person) = person.filter(|person| *person.password.expose() == password) {
            conversation.tell("Password accepted. (The demo checked it; on your computer the system does.)");
            return Some(person);
        }
        conversation.warn("Login incorrect.");
    }
    None
}
