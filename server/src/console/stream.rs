//! Files that are made while they are sent, a page at a time: however long they are, little of them is held.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_core::Stream;
use tokio::sync::mpsc;

use crate::api::ApiError;

/// So many pages wait for a slow reader.
const AHEAD: usize = 2;

struct Pages(mpsc::Receiver<io::Result<String>>);

impl Stream for Pages {
    type Item = io::Result<String>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// A CSV file called `name`: the first page, then what `next` gives for each place where a page goes on. Where it fails the
/// file breaks off, so that nobody takes a part for the whole.
pub fn csv<N>(name: &str, (first, goes_on): (String, Option<String>), next: N) -> Response
where
    N: AsyncPages + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let mut page = Ok::<_, ApiError>((first, goes_on));
        loop {
            let (text, goes_on) = match page {
                Ok(page) => page,
                Err(error) => {
                    let _ = sender.send(Err(io::Error::other(error.summary.clone()))).await;
                    return;
                }
            };
            // Whoever hung up needs no more of it.
            if sender.send(Ok(text)).await.is_err() {
                return;
            }
            let Some(after) = goes_on else { return };
            page = next.page(after).await;
        }
    });
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, disposition.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Body::from_stream(Pages(receiver))).into_response()
}

/// What makes the pages of a file.
pub trait AsyncPages {
    /// The page that begins there, and where the one behind it begins.
    fn page(&self, after: String) -> impl Future<Output = Result<(String, Option<String>), ApiError>> + Send;
}
