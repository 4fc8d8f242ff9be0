//! A PAM module that panics at once, built like `pam_postern.so`: the tests show that a panic refuses and that the login
//! program survives it.

use std::ffi::CStr;

use pam::constants::{PamFlag, PamResultCode};
use pam::module::{PamHandle, PamHooks};

struct Panics;

/// The symbols that PAM looks up.
mod symbols {
    use super::Panics;
    pam::pam_hooks!(Panics);
}

impl PamHooks for Panics {
    fn sm_authenticate(_handle: &mut PamHandle, _arguments: Vec<&CStr>, _flags: PamFlag) -> PamResultCode {
        panic!("as it must never happen")
    }
}
