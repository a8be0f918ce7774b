//! What a sender still sends when its answer stands already: too long a body, or one that nobody asked for. The connection of such
//! a request is closed behind the answer, and a close over unread bytes takes the answer with it (RFC 9112 9.6); a browser then
//! says "network error" instead of "too large". So the rest is read and thrown away, within bounds, before the answer goes.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, BodyDataStream, Bytes, HttpBody},
    extract::Request,
    http::header,
    middleware::Next,
    response::Response,
};
use futures_util::{Stream, StreamExt};
use tokio::sync::oneshot;

/// How long a sender may go on after its answer stands.
const TIME_MAX: Duration = Duration::from_secs(5);
/// How much of it is read: three times the longest file of an import. Who sends more sees its connection closed.
const BYTES_MAX: usize = 64 * 1024 * 1024;

/// Lets the request be answered, then reads what the answer did not need.
pub async fn read_the_rest(request: Request, next: Next) -> Response {
    // Nothing is on its way where there is no body, or where the sender waits to be asked for it.
    if request.body().is_end_stream() || request.headers().contains_key(header::EXPECT) {
        return next.run(request).await;
    }
    let (give_back, mut given_back) = oneshot::channel();
    let request =
        request.map(|body| Body::from_stream(Lent { body: Some(body.into_data_stream()), give_back: Some(give_back) }));
    let response = next.run(request).await;
    if let Ok(body) = given_back.try_recv() {
        let _ = tokio::time::timeout(TIME_MAX, throw_away(body)).await;
    }
    response
}

async fn throw_away(mut body: BodyDataStream) {
    let mut left = BYTES_MAX;
    while let Some(Ok(bytes)) = body.next().await {
        left = left.saturating_sub(bytes.len());
        if left == 0 {
            return;
        }
    }
}

/// A body that comes back when its reader lets go of it before the end.
struct Lent {
    body: Option<BodyDataStream>,
    give_back: Option<oneshot::Sender<BodyDataStream>>,
}

impl Stream for Lent {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = body.poll_next_unpin(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.body = None;
        }
        polled
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(body), Some(give_back)) = (self.body.take(), self.give_back.take()) {
            let _ = give_back.send(body);
        }
    }
}
