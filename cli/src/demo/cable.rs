//! The network cable of the demo's computer: a forwarder between the agent and the server. Pulled, it hangs up on
//! everybody and answers nobody; the agent has no part in it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The cable. The agent's end stays at one address while it is pulled and put back.
#[derive(Clone)]
pub struct Cable {
    near: SocketAddr,
    pulled: watch::Sender<bool>,
}

impl Cable {
    /// Lays a cable to the server at `far`.
    ///
    /// # Errors
    /// Where no port is free.
    pub async fn lay(far: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let cable = Self { near: listener.local_addr()?, pulled: watch::Sender::new(false) };
        tokio::spawn(carry(listener, far, cable.pulled.subscribe()));
        Ok(cable)
    }

    /// The base URL under which the computer knows the server.
    pub fn url(&self) -> String {
        format!("http://{}", self.near)
    }

    /// Pulls it, or puts it back.
    pub fn set_pulled(&self, pulled: bool) {
        self.pulled.send_replace(pulled);
    }

    /// Whether it is pulled.
    pub fn is_pulled(&self) -> bool {
        *self.pulled.borrow()
    }
}

/// A connection lives while the cable is in; one that comes while it is pulled is closed unheard.
async fn carry(listener: TcpListener, far: SocketAddr, pulled: watch::Receiver<bool>) {
    while let Ok((near, _)) = listener.accept().await {
        let mut pulled = pulled.clone();
        if !*pulled.borrow_and_update() {
            tokio::spawn(async move {
                tokio::select! {
                    _ = pulled.changed() => {}
                    _ = connect(near, far) => {}
                }
            });
        }
    }
}

async fn connect(mut near: TcpStream, far: SocketAddr) -> io::Result<()> {
    let mut far = TcpStream::connect(far).await?;
    copy_bidirectional(&mut near, &mut far).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// A server that says back what it hears.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    tokio::io::copy(&mut read, &mut write).await
                });
            }
        });
        address
    }

    async fn says_back(stream: &mut TcpStream) -> bool {
        let mut heard = [0; 2];
        stream.write_all(b"hi").await.is_ok() && stream.read_exact(&mut heard).await.is_ok() && &heard == b"hi"
    }

    #[tokio::test]
    async fn a_pulled_cable_ends_what_was_connected_and_answers_nobody() {
        let cable = Cable::lay(echo().await).await.unwrap();
        let mut before = TcpStream::connect(cable.near).await.unwrap();
        assert!(says_back(&mut before).await);
        cable.set_pulled(true);
        assert!(!says_back(&mut before).await);
        let mut meanwhile = TcpStream::connect(cable.near).await.unwrap();
        assert!(!says_back(&mut meanwhile).await);
        cable.set_pulled(false);
        let mut after = TcpStream::connect(cable.near).await.unwrap();
        assert!(says_back(&mut after).await);
    }
}
