//! `pam_postern.so`: the second factor of a sign-in at a computer, asked after the password.
//!
//! A bridge and no more: PAM's facts become a [`Place`], PAM's conversation becomes a [`Conversation`], and the script of
//! `postern-login` does the rest through the agent's socket. No thread, no network, no state. Every failure, a panic
//! included, is a refusal; only [`Outcome::Opened`] is success. `docs/operations/pam.md` has the lines to configure.
//!
//! Arguments: `socket=PATH` of the agent, `services=NAME,NAME` that take recovery PINs.

use std::ffi::CStr;
use std::path::PathBuf;

use pam::constants::{
    PAM_ERROR_MSG, PAM_PROMPT_ECHO_OFF, PAM_PROMPT_ECHO_ON, PAM_TEXT_INFO, PamFlag, PamMessageStyle, PamResultCode,
};
use pam::conv::Conv;
use pam::items::{RHost, Service, Tty};
use pam::module::{PamHandle, PamHooks};
use postern_login::wire::form::ProfileText;
use postern_login::wire::place::{PIN_SERVICES, Place};
use postern_login::wire::{Text, socket::DEFAULT_PATH};
use postern_login::{Conversation, Echo, HungUp, Outcome, Shut, remind, sign_in, socket};

struct Postern;

/// The symbols that PAM looks up.
mod symbols {
    use super::Postern;
    pam::pam_hooks!(Postern);
}

impl PamHooks for Postern {
    fn sm_authenticate(handle: &mut PamHandle, arguments: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        authenticate(handle, &arguments).unwrap_or_else(|refusal| refusal)
    }

    /// There are no credentials to set; the password module's are kept.
    fn sm_setcred(_handle: &mut PamHandle, _arguments: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        PamResultCode::PAM_SUCCESS
    }

    /// Reminds a person whose access ends; never refuses a session.
    fn sm_open_session(handle: &mut PamHandle, arguments: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        if let (Ok(user), Ok(options)) = (handle.get_user(None), Options::read(&arguments))
            && let Ok(Some(screen)) = handle.get_item::<Conv>()
        {
            remind(&user, &mut *socket::agent(&options.socket), &mut Screen(screen));
        }
        PamResultCode::PAM_SUCCESS
    }

    fn sm_close_session(_handle: &mut PamHandle, _arguments: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        PamResultCode::PAM_SUCCESS
    }
}

fn authenticate(handle: &mut PamHandle, arguments: &[&CStr]) -> Result<PamResultCode, PamResultCode> {
    let options = Options::read(arguments)?;
    let user = handle.get_user(None)?;
    let place = place(handle, &user)?;
    let screen = handle.get_item::<Conv>()?.ok_or(PamResultCode::PAM_CONV_ERR)?;
    let pins_here = place.takes_pins(options.services.iter().map(String::as_str));
    let outcome = sign_in(&place, pins_here, &mut *socket::agent(&options.socket), &mut Screen(screen));
    Ok(match outcome {
        Outcome::Opened(_) => PamResultCode::PAM_SUCCESS,
        Outcome::Shut(Shut::NoAgent(_)) => PamResultCode::PAM_AUTHINFO_UNAVAIL,
        Outcome::Shut(Shut::TooMany) => PamResultCode::PAM_MAXTRIES,
        Outcome::Shut(Shut::GaveUp | Shut::NoWayIn) => PamResultCode::PAM_AUTH_ERR,
    })
}

/// The facts of the place. A fact that cannot be read is no empty one: it refuses.
fn place(handle: &PamHandle, user: &str) -> Result<Place, PamResultCode> {
    let text = |item: Option<&CStr>| {
        let text = item.map_or(Ok(""), CStr::to_str).ok().and_then(ProfileText::new);
        text.ok_or(PamResultCode::PAM_AUTH_ERR)
    };
    Ok(Place {
        service: text(handle.get_item::<Service>()?.map(|item| item.0))?,
        rhost: text(handle.get_item::<RHost>()?.map(|item| item.0))?,
        tty: text(handle.get_item::<Tty>()?.map(|item| item.0))?,
        user: Text::new(user).ok_or(PamResultCode::PAM_USER_UNKNOWN)?,
    })
}

/// The arguments of the module's line.
struct Options {
    socket: PathBuf,
    services: Vec<String>,
}

impl Options {
    /// Reads them; one that is unknown is a mistake in the configuration, and refuses.
    fn read(arguments: &[&CStr]) -> Result<Self, PamResultCode> {
        let services = PIN_SERVICES.map(str::to_owned).to_vec();
        let mut options = Self { socket: PathBuf::from(DEFAULT_PATH), services };
        for argument in arguments {
            match argument.to_str().ok().and_then(|argument| argument.split_once('=')) {
                Some(("socket", path)) => options.socket = PathBuf::from(path),
                Some(("services", names)) => options.services = names.split(',').map(str::to_owned).collect(),
                Some(_) | None => return Err(PamResultCode::PAM_SERVICE_ERR),
            }
        }
        Ok(options)
    }
}

/// PAM's conversation.
struct Screen<'a>(Conv<'a>);

impl Screen<'_> {
    /// A screen that shows nothing is the application's choice: the prompt still comes, or there is no way in.
    fn show(&self, style: PamMessageStyle, text: &str) {
        let _shown = self.0.send(style, text);
    }
}

impl Conversation for Screen<'_> {
    fn ask(&mut self, prompt: &str, echo: Echo) -> Result<String, HungUp> {
        let style = match echo {
            Echo::Hidden => PAM_PROMPT_ECHO_OFF,
            Echo::Visible => PAM_PROMPT_ECHO_ON,
        };
        let typed = self.0.send(style, prompt).ok().flatten().ok_or(HungUp)?;
        typed.as_str().map(str::to_owned).map_err(|_| HungUp)
    }

    fn tell(&mut self, text: &str) {
        self.show(PAM_TEXT_INFO, text);
    }

    fn warn(&mut self, text: &str) {
        self.show(PAM_ERROR_MSG, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_argument_refuses() {
        for wrong in [c"debug", c"pins=always", c""] {
            assert_eq!(Options::read(&[wrong]).err(), Some(PamResultCode::PAM_SERVICE_ERR));
        }
        let options = Options::read(&[c"socket=/tmp/a", c"services=login,xdm"]).unwrap_or_else(|_| unreachable!());
        assert_eq!(options.socket, PathBuf::from("/tmp/a"));
        assert_eq!(options.services, ["login", "xdm"]);
    }
}
