//! What the server and a protected computer must agree on to the byte: identifiers, secrets, one-time codes and the
//! offline recovery PIN. Pure: no I/O beyond the one [`env::System`], no database, no network.
//!
//! | module | holds |
//! | --- | --- |
//! | [`id`] | [`Id`]: 20 characters, typed by [`id::Kind`] |
//! | [`env`](mod@env) | [`Env`]: the only two impure inputs, time and randomness |
//! | [`secret`] | [`Secret`]: never printed, wiped on drop; [`Sealed`]: what storage sees |
//! | [`mac`] | [`Mac`](mac::Mac): a keyed hash whose key no rule ever sees; [`Keyring`](mac::Keyring): the software one |
//! | [`drp1`] | the offline recovery PIN: every formula of both ends |
//! | [`report`] | what a computer tells of each attempt: signed, chained entries |
//! | [`clock`] | what time it is, as far as a computer can vouch for it |
//! | [`otp`] | codes of authenticator apps |
//! | [`damm`] | the check digit that tells a slip from an attempt |
//! | [`jws`] | compact JWS with ES256: proofs of a computer, answers of the server |
//! | [`agree`] | a secret that neither side sends: ECDH and HKDF |
//! | [`strict`] | JSON from outside: no repeated member, no value in an error |
//! | [`b64`] | base64url as the wire format demands it: no padding, no spare bits |

pub mod agree;
pub mod b64;
pub mod clock;
pub mod damm;
pub mod drp1;
pub mod env;
pub mod id;
pub mod jws;
pub mod mac;
pub mod otp;
pub mod report;
pub mod secret;
pub mod strict;

pub use env::{Env, Timestamp};
pub use id::Id;
pub use secret::{Place, Sealed, Secret};
