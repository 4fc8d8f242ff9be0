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

/// Conversations at once: a computer has a few screens, and nobody may take all the agent's memory.
const MOST: usize = 32;
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
    let talking = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming().flatten() {
        if talking.fetch_add(1, Ordering::AcqRel) >= MOST {
            talking.fetch_sub(1, Ordering::AcqRel);
            continue;
        }
        let (daemon, count) = (Arc::clone(daemon), Arc::clone(&talking));
        let thread = thread::Builder::new().name("conversation".to_owned()).stack_size(STACK).spawn(move || {
            let _leaving = Leaving(count);
            // A peer that hangs up or talks nonsense ends its own conversation, and nothing else.
            let _ended = converse(&daemon, &stream);
        });
        if thread.is_err() {
            talking.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Counts a conversation down however it ends, a panic included.
struct Leaving(Arc<AtomicUsize>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn converse(daemon: &Daemon, stream: &UnixStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(Duration::from_secs(10)))?;
    let peer = Peer::of(getsockopt(stream, PeerCredentials)?.uid());
    let mut conversation = Conversation::new(daemon, peer);
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    while let Some(request) = read_frame(&mut reader)? {
        write_frame(&mut writer, &conversation.answer(&request))?;
    }
    Ok(())
}
