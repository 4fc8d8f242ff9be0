//! Where a conversation happens, and whether recovery PINs are taken there.
//!
//! Both the PAM module and the agent ask [`Place::takes_pins`]: either of them alone keeps the door shut.

use serde::{Deserialize, Serialize};

use crate::form::{ProfileText, Text};

/// The services that take recovery PINs where nothing else is configured: those that stand at the computer itself.
pub const PIN_SERVICES: [&str; 5] = ["login", "gdm-password", "lightdm", "greetd", "sddm"];

/// The services that never do, whatever is configured; `su -` and `sudo -i` have services of their own.
const NEVER: [&str; 5] = ["sshd", "su", "su-l", "sudo", "sudo-i"];

/// The services of the default list that draw the seat's own screen, so that they need no terminal.
const GREETERS: [&str; 4] = ["gdm-password", "lightdm", "greetd", "sddm"];

/// Where a conversation happens, in the words of PAM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// `PAM_SERVICE`.
    pub service: ProfileText,
    /// `PAM_RHOST`; empty at the computer itself.
    pub rhost: ProfileText,
    /// `PAM_TTY`.
    pub tty: ProfileText,
    /// The OS account.
    pub user: Text,
}

impl Place {
    /// Whether recovery PINs are taken here: a service of `services`, nobody from afar, and a seat's terminal. What is
    /// not known to be so is taken for not so.
    pub fn takes_pins<'a>(&self, services: impl IntoIterator<Item = &'a str>) -> bool {
        let service = self.service.as_str();
        let local_service = services.into_iter().any(|allowed| allowed == service) && !NEVER.contains(&service);
        local_service && self.rhost.is_empty() && self.has_seat()
    }

    /// `ttyN`, `:N`, or the own session of a greeter.
    fn has_seat(&self) -> bool {
        let tty = self.tty.strip_prefix("/dev/").unwrap_or(&self.tty);
        let number = tty.strip_prefix("tty").or_else(|| tty.strip_prefix(':'));
        let numbered = number.is_some_and(|rest| {
            let display = rest.strip_suffix(".0").unwrap_or(rest);
            !display.is_empty() && display.bytes().all(|byte| byte.is_ascii_digit())
        });
        numbered || (tty.is_empty() && GREETERS.contains(&self.service.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(service: &str, rhost: &str, tty: &str) -> bool {
        let text = |text: &str| ProfileText::new(text).unwrap();
        let user = Text::new("grace").unwrap();
        let place = Place { service: text(service), rhost: text(rhost), tty: text(tty), user };
        place.takes_pins(PIN_SERVICES.into_iter().chain(NEVER))
    }

    #[test]
    fn a_seat_takes_pins() {
        for (service, tty) in
            [("login", "tty1"), ("login", "/dev/tty2"), ("lightdm", ":0"), ("sddm", ":1.0"), ("greetd", "")]
        {
            assert!(takes(service, "", tty), "{service} {tty}");
        }
    }

    #[test]
    fn a_place_that_is_not_surely_local_takes_none() {
        for (service, rhost, tty) in [
            ("sshd", "", "tty1"),
            ("sudo", "", "tty1"),
            ("su", "", "tty1"),
            ("su-l", "", "tty1"),
            ("sudo-i", "", "tty1"),
            ("cron", "", "tty1"),
            ("login", "10.0.0.7", "tty1"),
            ("login", "", "pts/0"),
            ("login", "", "ttyS0"),
            ("login", "", ""),
            ("login", "", "tty"),
            ("lightdm", "", "remote:0"),
            ("lightdm", "", "localhost:10.0"),
        ] {
            assert!(!takes(service, rhost, tty), "{service} {rhost} {tty}");
        }
    }
}
