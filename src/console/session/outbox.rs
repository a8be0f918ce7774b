//! What goes to one console: numbered without gaps, in order, bounded. A console that does not follow is let go.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::ws::{CloseFrame, Message, WebSocket},
};
use futures_util::{SinkExt, stream::SplitSink};
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    console::wire::{ServerEnvelope, ServerMessage},
    types::Clock,
};

/// Messages that may wait for a slow console.
const WAITING_MAX: usize = 1_024;
/// One message must be on its way within this time.
const SEND_MAX: Duration = Duration::from_secs(10);
/// The goodbye as well.
const CLOSE_MAX: Duration = Duration::from_secs(2);

/// The console does not follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooSlow;

/// The way out.
pub struct Outbox {
    waiting: mpsc::Sender<Message>,
    writer: JoinHandle<()>,
    clock: Arc<dyn Clock>,
    n: u64,
}

impl Outbox {
    /// Begins to write.
    pub fn start(mut sink: SplitSink<WebSocket, Message>, clock: Arc<dyn Clock>) -> Self {
        let (waiting, mut messages) = mpsc::channel(WAITING_MAX);
        let writer = tokio::spawn(async move {
            while let Some(message) = messages.recv().await {
                // Closed or stuck: the reading side finds out, or the queue fills up.
                let Ok(Ok(())) = tokio::time::timeout(SEND_MAX, sink.send(message)).await else { break };
            }
            // Also sends the answer to their goodbye, which waits inside the sink.
            let _ = tokio::time::timeout(CLOSE_MAX, sink.close()).await;
        });
        Self { waiting, writer, clock, n: 0 }
    }

    /// Numbers and sends.
    pub fn send(&mut self, message: ServerMessage) -> Result<(), TooSlow> {
        self.n += 1;
        let envelope = ServerEnvelope { n: self.n, sent_at: self.clock.now().wall, message };
        let text = serde_json::to_string(&envelope).map_err(|error| {
            tracing::error!(%error, "a message cannot be written as JSON");
            TooSlow
        })?;
        self.waiting.try_send(Message::Text(text.into())).map_err(|_| TooSlow)
    }

    /// Asks for a sign of life, which the browser itself answers: a page that nobody looks at may sleep for a minute.
    pub fn ping(&self) -> Result<(), TooSlow> {
        self.waiting.try_send(Message::Ping(Bytes::new())).map_err(|_| TooSlow)
    }

    /// Says why and closes; what still waits goes first, if it goes soon.
    pub async fn close(self, code: u16, reason: &'static str) {
        let Self { waiting, mut writer, .. } = self;
        let _ = waiting.try_send(Message::Close(Some(CloseFrame { code, reason: reason.into() })));
        drop(waiting);
        if tokio::time::timeout(2 * CLOSE_MAX, &mut writer).await.is_err() {
            writer.abort();
        }
    }
}
