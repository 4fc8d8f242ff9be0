//! The agent's local socket: a thread a conversation, a bounded number of them.

use std::fs::{self, Permissions};
use std::io::{self, BufReader, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;
use postern_wire::socket::{read_frame, write_frame};

use crate::conversation::{Conversation, Peer};
use crate::daemon::Daemon;

/// Conversations at once, of login programs and of everybody else: a computer has a few screens, nobody may take all the
/// agent's memory, and whoever takes every place of the second kind keeps no login program out.
const MOST: usize = 32;
const MOST_OTHERS: usize = 16;
/// A conversation needs a frame, a state and a TLS connection.
const STACK: usize = 512 * 1024;
/// How long a person may look for a telephone.
const PATIENCE: Duration = Duration::from_mins(15);

/// Listens at the agent's socket. A file that a dead agent left is replaced.
///
/// # Errors
/// Whatever the system says.
pub fn listen(daemon: &Daemon) -> io::Result<UnixListener> {
    let path = &daemon.paths.socket;
    match fs::remove_file(path) {
        Err(fault) if fault.kind() != ErrorKind::NotFound => return Err(fault),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    // Everybody may connect: a screen locker runs as its user. What a peer may ask is decided by who it is.
    fs::set_permissions(path, Permissions::from_mode(0o666))?;
    Ok(listener)
}

/// Answers for as long as the agent runs.
pub fn serve(daemon: &Arc<Daemon>, listener: &UnixListener) {
    let places = Places::default();
    for stream in listener.incoming().flatten() {
        let Ok(peer) = getsockopt(&stream, PeerCredentials).map(|known| Peer::of(known.uid())) else { continue };
        let Some(seat) = places.take(peer) else { continue };
        let daemon = Arc::clone(daemon);
        // Where no thread can be had the place is free again, and the peer is hung up on.
        let _thread = thread::Builder::new().name("conversation".to_owned()).stack_size(STACK).spawn(move || {
            let _seat = seat;
            // A peer that hangs up or talks nonsense ends its own conversation, and nothing else.
            let _ended = converse(&daemon, &stream, peer);
        });
    }
}

/// How many conversations there are.
#[derive(Default)]
struct Places {
    owners: Arc<AtomicUsize>,
    others: Arc<AtomicUsize>,
}

impl Places {
    fn take(&self, peer: Peer) -> Option<Seat> {
        let (taken, most) = if peer.owns_the_agent() { (&self.owners, MOST) } else { (&self.others, MOST_OTHERS) };
        taken.fetch_add(1, Ordering::AcqRel);
        let seat = Seat(Arc::clone(taken));
        (taken.load(Ordering::Acquire) <= most).then_some(seat)
    }
}

/// One conversation's place; free again however it ends, a panic included.
struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn converse(daemon: &Daemon, stream: &UnixStream, peer: Peer) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(Duration::from_secs(10)))?;
    let mut conversation = Conversation::new(daemon, peer);
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    while let Some(request) = read_frame(&mut reader)? {
        write_frame(&mut writer, &conversation.answer(&request))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_takes_every_place_keeps_no_login_program_out() {
        let places = Places::default();
        let mut held: Vec<Seat> = (0..MOST_OTHERS).map_while(|_| places.take(Peer::of(70001))).collect();
        assert_eq!(held.len(), MOST_OTHERS);
        assert!(places.take(Peer::of(70002)).is_none());
        assert!(places.take(Peer::of(0)).is_some());
        held.pop();
        assert!(places.take(Peer::of(70002)).is_some());
    }
}
