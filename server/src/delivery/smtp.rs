//! Mail through a mail server, over TLS.

use std::time::Duration;

use lettre::transport::smtp::{AsyncSmtpTransport, Error};
use lettre::{AsyncTransport as _, Message as Mail, Tokio1Executor};

use super::{SendFault, Sender, Sent};
use crate::config::Smtp as Settings;

/// How long a mail may take from the first word to the last.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mail server.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    patience: Duration,
}

impl Smtp {
    /// The mail server at the configured URL.
    pub fn new(settings: &Settings) -> anyhow::Result<Self> {
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(settings.url.expose())
            .map_err(|_| anyhow::anyhow!("smtp.url is not of the form smtps://user:password@host:port"))?;
        Ok(Self { transport: builder.timeout(Some(Duration::from_secs(10))).build(), patience: PATIENCE })
    }
}

impl Sender for Smtp {
    fn send(&self, mail: Mail) -> Sent<'_> {
        Box::pin(async move {
            // The time that the transport is given is for connecting alone: a server that accepts and says nothing would
            // hold up every mail after this one.
            match tokio::time::timeout(self.patience, self.transport.send(mail)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) if is_of_the_mail(&error) => Err(SendFault::Never(error.to_string())),
                Ok(Err(error)) => Err(SendFault::Later(error.to_string())),
                Err(_) => Err(SendFault::Later("the mail server took too long".to_owned())),
            }
        })
    }
}

/// Whether a refusal is of this mail for good. RFC 4954 section 6 and RFC 7504: with 530 to 538 the server does not know us,
/// and with 521 it takes no mail at all; what is wrong then is mended by its operator or ours, and the mail is as good as ever.
fn is_of_the_mail(error: &Error) -> bool {
    let code = error.status().map(u16::from);
    error.is_permanent() && !matches!(code, Some(521 | 530..=538))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use postern_codes::Secret;

    use super::*;

    /// A mail server that says these lines in turn, one at each of ours, and then closes; or waits until we do.
    fn server(says: &'static [&'static str], closes: bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            for says in says {
                if stream.write_all(says.as_bytes()).is_err() || lines.next().is_none() {
                    return;
                }
            }
            if !closes {
                lines.for_each(drop);
            }
        });
        url
    }

    async fn sent(says: &'static [&'static str], closes: bool) -> Result<(), SendFault> {
        let settings =
            Settings { url: Secret::new(server(says, closes)), from: "Postern <postern@acme.example>".into() };
        let mut smtp = Smtp::new(&settings).unwrap();
        smtp.patience = Duration::from_millis(300);
        let mail = Mail::builder().from(settings.from.parse().unwrap()).to("grace@acme.example".parse().unwrap());
        smtp.send(mail.subject("Hello").body("there".to_owned()).unwrap()).await
    }

    const HELLO: &str = "220 mail ready\r\n";
    const KNOWN: &str = "250 mail\r\n";

    #[tokio::test(flavor = "multi_thread")]
    async fn a_server_that_is_silent_breaks_off_or_talks_nonsense_is_tried_again() {
        for (says, closes) in [
            (&[][..], false),
            (&[], true),
            (&[HELLO], false),
            (&[HELLO, KNOWN], false),
            (&[HELLO, KNOWN, "25"], true),
            (&[HELLO, KNOWN, "250-more to come\r\n"], false),
            (&["HTTP/1.1 200 OK\r\n\r\n"], true),
            (&["\u{0}\u{1}\u{2}"], true),
            (&["421 too busy\r\n"], true),
            (&[HELLO, KNOWN, "451 not now\r\n"], true),
            // It does not know us, or is shut: this is nothing of the mail's.
            (&["521 no mail here\r\n"], true),
            (&[HELLO, KNOWN, "530 authentication required\r\n"], true),
        ] {
            let result = sent(says, closes).await;
            assert!(matches!(result, Err(SendFault::Later(_))), "{says:?}: {result:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_server_never_takes_is_given_up() {
        let result = sent(&[HELLO, KNOWN, KNOWN, "550 nobody of this name\r\n"], true).await;
        assert!(matches!(result, Err(SendFault::Never(_))), "{result:?}");
    }
}
