//! Reaches the agent over its Unix socket. Standard library only; no thread, no retry: a login program either has an
//! answer in time or keeps the door shut.

use std::io::BufReader;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use postern_wire::socket::{Answer, Request, read_frame, write_frame};

use crate::script::{Agent, AgentFault};

/// How long an answer may take: the agent's own waits for the server all end sooner.
const TIMEOUT: Duration = Duration::from_secs(40);

/// A connection to the agent: one conversation.
pub struct Connection {
    stream: BufReader<UnixStream>,
}

impl Connection {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// [`AgentFault::Missing`] where nobody listens there.
    pub fn open(path: &Path) -> Result<Self, AgentFault> {
        let stream = UnixStream::connect(path).map_err(|_| AgentFault::Missing)?;
        let limits = stream.set_read_timeout(Some(TIMEOUT)).and_then(|()| stream.set_write_timeout(Some(TIMEOUT)));
        limits.map_err(|_| AgentFault::Missing)?;
        Ok(Self { stream: BufReader::new(stream) })
    }
}

impl Agent for Connection {
    fn ask(&mut self, request: &Request) -> Result<Answer, AgentFault> {
        write_frame(self.stream.get_mut(), request).map_err(|_| AgentFault::Silent)?;
        read_frame(&mut self.stream).ok().flatten().ok_or(AgentFault::Silent)
    }
}

/// The agent at `path`, or one that gives the reason why there is none at every question: so a script tells it.
pub fn agent(path: &Path) -> Box<dyn Agent> {
    match Connection::open(path) {
        Ok(connection) => Box::new(connection),
        Err(fault) => Box::new(Absent(fault)),
    }
}

struct Absent(AgentFault);

impl Agent for Absent {
    fn ask(&mut self, _request: &Request) -> Result<Answer, AgentFault> {
        Err(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_at_the_socket_is_a_missing_agent() {
        let nowhere = Path::new("/nonexistent/agent.sock");
        assert_eq!(agent(nowhere).ask(&Request::Status).unwrap_err(), AgentFault::Missing);
    }

    #[test]
    fn an_agent_that_hangs_up_is_silent() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut connection = Connection { stream: BufReader::new(ours) };
        drop(theirs);
        assert_eq!(connection.ask(&Request::Status).unwrap_err(), AgentFault::Silent);
    }
}
